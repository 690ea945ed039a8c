import { setTimeout as delay } from 'node:timers/promises'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { overlaps, type Pair, type Span, tallyOf, timeWrite } from '../overlap.ts'

const span: fc.Arbitrary<Span> = fc
  .tuple(fc.integer({ min: 0, max: 50 }), fc.integer({ min: 0, max: 50 }))
  .map(([beganMs, tookMs]) => ({ beganMs, answeredMs: beganMs + tookMs }))

describe('a race', () => {
  it('exists only if neither write was answered before the other began', () => {
    fc.assert(
      fc.property(span, span, (edit, remove) => {
        const sequential = edit.answeredMs <= remove.beganMs || remove.answeredMs <= edit.beganMs
        expect(overlaps(edit, remove)).toBe(!sequential)
        expect(overlaps(remove, edit)).toBe(overlaps(edit, remove))
      }),
    )
  })

  it('counts only edits that succeeded', async () => {
    const write = (): Promise<void> => delay(20)
    const refuse = (): Promise<void> => delay(20).then(() => Promise.reject(new Error('deleted')))
    const atOnce = async (editing: () => Promise<void>): Promise<Pair> => {
      const [edit, remove] = await Promise.all([timeWrite(editing), timeWrite(write)])
      return { edit, remove }
    }
    const sequential: Pair = { edit: await timeWrite(write), remove: await timeWrite(write) }
    expect(tallyOf([sequential])).toEqual({ edits: 1, raced: 0 })
    expect(tallyOf([sequential, await atOnce(write), await atOnce(refuse)])).toEqual({
      edits: 2,
      raced: 1,
    })
  })
})
