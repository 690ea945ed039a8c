import { setImmediate as turn } from 'node:timers/promises'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { keyedMutex } from '../../src/cassandra/keyed-mutex.ts'

describe('a keyed mutex', () => {
  const work = fc.record({
    key: fc.constantFrom('a', 'b', 'c'),
    steps: fc.nat(3),
    fails: fc.boolean(),
  })

  it('runs the work of one key one after the other and in order, also after a failure', () =>
    fc.assert(
      fc.asyncProperty(fc.array(work, { maxLength: 20 }), async (all) => {
        const withLock = keyedMutex()
        const inside = new Map<string, number>()
        const seen = new Map<string, number[]>()
        const settled = await Promise.allSettled(
          all.map(({ key, steps, fails }, index) =>
            withLock(key, async () => {
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

  it('does not make the work of different keys wait', async () => {
    const withLock = keyedMutex()
    const { promise, resolve } = Promise.withResolvers<void>()
    const held = withLock('a', () => promise)
    expect(await withLock('b', async () => 'done')).toBe('done')
    resolve()
    await held
  })
})
