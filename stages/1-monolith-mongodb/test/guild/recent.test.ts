import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createRecent } from '../../src/guild/recent.ts'

describe('a recent memory', () => {
  it('knows the last so many keys that it was told, and no more', () =>
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 5 }),
        fc.array(fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f', 'g')),
        (most, keys) => {
          const recent = createRecent<number>(most)
          keys.forEach((key, i) => void recent.set(key, i))
          const lastFirst = [...new Set(keys.toReversed())]
          for (const [age, key] of lastFirst.entries()) {
            expect(recent.get(key)).toBe(age < most ? keys.lastIndexOf(key) : undefined)
          }
          expect(recent.get('never')).toBeUndefined()
        },
      ),
    ))
})
