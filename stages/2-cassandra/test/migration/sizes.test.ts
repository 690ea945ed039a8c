import { aMessage, newId, testDeadline } from '@threshold/conformance/ports'
import { CodedError } from '@threshold/kit'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { CassandraDatabase, Execute } from '../../src/cassandra/database.ts'
import { cassandraMovable } from '../../src/migration/movable.cassandra.ts'
import type { Row } from '../../src/migration/movable.ts'
import { bytesOf, cutRows } from '../../src/migration/sizes.ts'
import { configFor } from '../adapters/database.ts'

const channel = newId()
const rowOf = (characters: number): Row => ({
  message: { ...aMessage(channel), content: 'ä'.repeat(characters) },
})
const total = (rows: readonly Row[]): number => rows.reduce((sum, row) => sum + bytesOf(row), 0)

describe('rows', () => {
  it('weigh what their text and their embeds do, in bytes and not in characters', () => {
    const bare = bytesOf(rowOf(0))
    expect(bytesOf(rowOf(1_000)) - bare).toBe(2_000)
    const embeds = [{ description: 'x'.repeat(4_000) }]
    expect(bytesOf({ message: { ...rowOf(0).message, embeds } })).toBeGreaterThan(bare + 4_000)
  })

  it('are cut by number and by bytes, and none is lost or out of its order', () => {
    const most = { rows: 5, bytes: 10_000 }
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 8_000 }), { maxLength: 40 }), (characters) => {
        const rows = characters.map(rowOf)
        const parts = cutRows(rows, most)
        expect(parts.flat()).toEqual(rows)
        for (const part of parts)
          expect(part.length === 1 || (part.length <= most.rows && total(part) <= most.bytes)).toBe(
            true,
          )
      }),
    )
  })
})

/**
 * A node that takes so many bytes in one statement, and remembers how large those were that it
 * took.
 */
function nodeThatTakes(most: number) {
  const taken: number[] = []
  const execute: Execute = async (cql, values) => {
    if (!cql.includes('.messages')) return []
    const bytes = values.reduce<number>(
      (sum, value) => sum + (typeof value === 'string' ? Buffer.byteLength(value) : 8),
      0,
    )
    if (bytes > most)
      throw new CodedError('TOO_LARGE', 'migration.put is larger than Cassandra takes', {
        next: 'raise it',
      })
    taken.push(bytes)
    return []
  }
  const database = {
    run: async (_what: string, _by: unknown, work: (one: Execute) => Promise<unknown>) =>
      await work(execute),
  }
  return {
    taken,
    end: cassandraMovable(
      database as unknown as CassandraDatabase,
      configFor('cassandra://127.0.0.1:9042/asked'),
    ),
  }
}

describe('rows that are put', () => {
  it('go into statements of some hundred kilobytes', async () => {
    const { end, taken } = nodeThatTakes(4 << 20)
    await end.put(
      Array.from({ length: 400 }, () => rowOf(20_000)),
      testDeadline(),
      { edited: false },
    )
    expect(Math.max(...taken)).toBeLessThan(300_000)
    expect(taken.length).toBeGreaterThan(1)
    expect(taken.length).toBeLessThan(200) // and not one by one
  })

  it('go into smaller ones where a node takes less', async () => {
    const { end, taken } = nodeThatTakes(50_000)
    await end.put(
      Array.from({ length: 64 }, () => rowOf(10_000)),
      testDeadline(),
      { edited: false },
    )
    expect(taken.length).toBeGreaterThanOrEqual(32)
  })

  it('are refused by the name of the one that is too large by itself', async () => {
    const { end } = nodeThatTakes(50_000)
    const large = rowOf(30_000)
    const rows = [rowOf(10), large, rowOf(10)]
    await expect(end.put(rows, testDeadline(), { edited: false })).rejects.toMatchObject({
      ...{
        code: 'ROW_REFUSED',
        message: expect.stringContaining(`message ${large.message.id} of channel ${channel}`),
      },
      next: expect.stringContaining('delete that message'),
    })
  })
})
