import { setImmediate as turn } from 'node:timers/promises'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { turns } from '../../src/cassandra/turns.ts'

describe('turns', () => {
  const work = fc.record({
    key: fc.constantFrom('a', 'b', 'c'),
    steps: fc.nat(3),
    fails: fc.boolean(),
  })

  it('keep what concerns one key apart and in order, also after one that failed', () =>
    fc.assert(
      fc.asyncProperty(fc.array(work, { maxLength: 20 }), async (all) => {
        const inTurn = turns()
        const inside = new Map<string, number>()
        const seen = new Map<string, number[]>()
        const settled = await Promise.allSettled(
          all.map(({ key, steps, fails }, index) =>
            inTurn(key, async () => {
              expect(inside.get(key)).toBeUndefined()
              inside.set(key, index)
              for (let step = 0; step < steps; step++) await turn()
              seen.set(key, [...(seen.get(key) ?? []), index])
              inside.delete(key)
              if (fails) throw new Error('it failed')
              return index
            }),
          ),
        )
        for (const [index, { fails }] of all.entries())
          expect(settled[index]).toMatchObject(
            fails ? { status: 'rejected' } : { status: 'fulfilled', value: index },
          )
        for (const order of seen.values()) expect(order).toEqual(order.toSorted((a, b) => a - b))
      }),
    ))

  it('of different keys do not wait for each other', async () => {
    const inTurn = turns()
    const { promise, resolve } = Promise.withResolvers<void>()
    const held = inTurn('a', () => promise)
    expect(await inTurn('b', async () => 'done')).toBe('done')
    resolve()
    await held
  })
})
