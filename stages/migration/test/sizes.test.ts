import { aMessage, newId } from '@threshold/conformance/ports'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { MessageRow } from '../src/replica.ts'
import { bytesOf, inBatches } from '../src/sizes.ts'

const channel = newId()
const rowOf = (characters: number): MessageRow => ({
  message: { ...aMessage(channel), content: 'ä'.repeat(characters) },
})
const total = (rows: readonly MessageRow[]): number =>
  rows.reduce((sum, row) => sum + bytesOf(row), 0)

describe('bytesOf', () => {
  it('counts text and embeds in bytes and not in characters', () => {
    const bare = bytesOf(rowOf(0))
    expect(bytesOf(rowOf(1_000)) - bare).toBe(2_000)
    const embeds = [{ description: 'x'.repeat(4_000) }]
    expect(bytesOf({ message: { ...rowOf(0).message, embeds } })).toBeGreaterThan(bare + 4_000)
  })
})

describe('inBatches', () => {
  it('limits rows and bytes, and keeps every row in its order', () => {
    const limit = { rows: 5, bytes: 10_000 }
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 8_000 }), { maxLength: 40 }), (characters) => {
        const rows = characters.map(rowOf)
        const batches = inBatches(rows, limit)
        expect(batches.flat()).toEqual(rows)
        for (const batch of batches) {
          const fits = batch.length <= limit.rows && total(batch) <= limit.bytes
          expect(batch.length === 1 || fits).toBe(true)
        }
      }),
    )
  })
})
