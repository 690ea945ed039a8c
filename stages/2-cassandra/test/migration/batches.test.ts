import { aMessage, newId, testDeadline } from '@threshold/conformance/ports'
import { CodedError } from '@threshold/kit'
import type { MessageRow } from '@threshold/migration'
import { describe, expect, it } from 'vitest'
import type { CassandraDatabase, Execute } from '../../src/cassandra/database.ts'
import { cassandraReplica } from '../../src/migration/replica.cassandra.ts'
import { configFor } from '../adapters/database.ts'

const channel = newId()
const rowOf = (characters: number): MessageRow => ({
  message: { ...aMessage(channel), content: 'ä'.repeat(characters) },
})
const rowsOf = (count: number, characters: number): MessageRow[] =>
  Array.from({ length: count }, () => rowOf(characters))

/** A node that takes so many bytes in one statement, and records the sizes of those it took. */
function nodeThatTakes(limit: number) {
  const taken: number[] = []
  const execute: Execute = async (cql, values) => {
    if (!cql.includes('.messages')) return []
    const bytes = values.reduce<number>(
      (sum, value) => sum + (typeof value === 'string' ? Buffer.byteLength(value) : 8),
      0,
    )
    if (bytes > limit)
      throw new CodedError('TOO_LARGE', 'migration.put is larger than Cassandra takes', {
        next: 'raise it',
      })
    taken.push(bytes)
    return []
  }
  const database = {
    run: async (_name: string, _by: unknown, work: (one: Execute) => Promise<unknown>) =>
      await work(execute),
  } as unknown as CassandraDatabase
  const replica = cassandraReplica(database, configFor('cassandra://127.0.0.1:9042/recorded'))
  const put = (rows: readonly MessageRow[]) => replica.put(rows, testDeadline(), { edited: false })
  return { taken, put }
}

describe('putting rows into Cassandra', () => {
  it('makes statements of some hundred kilobytes', async () => {
    const { put, taken } = nodeThatTakes(4 << 20)
    await put(rowsOf(400, 20_000))
    expect(Math.max(...taken)).toBeLessThan(300_000)
    expect(taken.length).toBeGreaterThan(1)
    expect(taken.length).toBeLessThan(200) // and not one for each row
  })

  it('makes smaller statements where a node takes less', async () => {
    const { put, taken } = nodeThatTakes(50_000)
    await put(rowsOf(64, 10_000))
    expect(taken.length).toBeGreaterThanOrEqual(32)
  })

  it('names the one row that a node refuses', async () => {
    const { put } = nodeThatTakes(50_000)
    const large = rowOf(30_000)
    await expect(put([rowOf(10), large, rowOf(10)])).rejects.toMatchObject({
      code: 'ROW_REFUSED',
      message: expect.stringContaining(`message ${large.message.id} of channel ${channel}`),
      next: expect.stringContaining('delete that message'),
    })
  })
})
