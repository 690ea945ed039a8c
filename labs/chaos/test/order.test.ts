import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { findCycle, MessageOrder } from '../src/order.ts'

describe('a message order', () => {
  it('has a cycle exactly if no total order contains all sequences', () => {
    const sequence = fc.uniqueArray(fc.integer({ min: 0, max: 5 }), { maxLength: 6 })
    fc.assert(
      fc.property(fc.array(sequence, { maxLength: 4 }), (sequences) => {
        const order = new MessageOrder(sequences.map((each) => each.map(String)))
        const fits = (permutation: number[]): boolean =>
          sequences.every((each) =>
            each.every(
              (id, i) => i === 0 || permutation.indexOf(each[i - 1]!) < permutation.indexOf(id),
            ),
          )
        const cycle = findCycle(order)
        expect(cycle === undefined).toBe(permutations([0, 1, 2, 3, 4, 5]).some(fits))
        for (const [i, id] of (cycle ?? []).entries())
          expect(order.next.get(id)).toContain(cycle![(i + 1) % cycle!.length])
      }),
    )
  })
})

function permutations(items: readonly number[]): number[][] {
  if (items.length === 0) return [[]]
  return items.flatMap((item) =>
    permutations(items.filter((other) => other !== item)).map((rest) => [item, ...rest]),
  )
}
