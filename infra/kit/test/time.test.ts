import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  CodedError,
  deadlineAfter,
  hybridClock,
  isExpired,
  remainingMs,
  withDeadline,
} from '../src/index.ts'

describe('the hybrid clock', () => {
  it('always moves forward, however the clock is set and whatever it observes', () => {
    const step = fc.oneof(
      fc.integer({ min: -100_000, max: 100_000 }).map((ms) => ({ set: ms })),
      fc.bigInt({ min: 0n, max: 10_000_000_000n }).map((micros) => ({ observe: micros })),
    )
    fc.assert(
      fc.property(fc.array(step), (steps) => {
        let now = 1_000_000
        const clock = hybridClock({ now: () => now })
        let last = clock.next()
        for (const each of steps) {
          if ('set' in each) now += each.set
          else {
            clock.observe(each.observe)
            if (each.observe > last) last = each.observe
          }
          const next = clock.next()
          expect(next > last).toBe(true)
          last = next
        }
      }),
    )
  })

  it('follows the system clock while that moves forward', () => {
    let now = 1_700_000_000_000.9
    const clock = hybridClock({ now: () => now })
    expect(clock.next()).toBe(1_700_000_000_000_000n)
    now += 5
    expect(clock.next()).toBe(1_700_000_000_005_000n)
  })

  it('counts up while the system clock stands still, from the largest value it observed', () => {
    const clock = hybridClock({ now: () => 1 })
    expect([clock.next(), clock.next()]).toEqual([1_000n, 1_001n])
    clock.observe(5_000n)
    clock.observe(2_000n)
    expect(clock.next()).toBe(5_001n)
  })
})

describe('a deadline', () => {
  it('is an absolute time in plain data, so that passing it on never extends it', () => {
    const deadline = deadlineAfter(500, { now: () => 1_000 })
    expect(deadline).toEqual({ at: 1_500 })
    expect(structuredClone(deadline)).toEqual(deadline)
  })

  it('leaves at least a millisecond, since many drivers take 0 for no timeout', () => {
    expect(remainingMs({ at: 0 })).toBe(1)
  })

  it.each([
    ['a day behind', -86_400_000],
    ['a day ahead', 86_400_000],
  ])(
    'is measured and expires by the clock that made it, even one that is %s',
    async (_, offset) => {
      let now = Date.now() + offset
      const deadline = deadlineAfter(500, { now: () => now })
      expect([remainingMs(deadline), isExpired(deadline)]).toEqual([500, false])
      now += 499.5
      expect([remainingMs(deadline), isExpired(deadline)]).toEqual([1, false])
      const { promise } = Promise.withResolvers<never>()
      await expect(withDeadline(deadline, 'the store', promise)).rejects.toMatchObject({
        code: 'DEADLINE_EXCEEDED',
      })
      now += 0.5
      expect([remainingMs(deadline), isExpired(deadline)]).toEqual([1, true])
    },
  )

  it('passes on an answer that comes in time', async () => {
    expect(await withDeadline(deadlineAfter(5_000), 'work', Promise.resolve('done'))).toBe('done')
  })

  it('rejects with a code when no answer comes', async () => {
    const { promise } = Promise.withResolvers<never>()
    await expect(withDeadline(deadlineAfter(5), 'the store', promise)).rejects.toMatchObject({
      code: 'DEADLINE_EXCEEDED',
      retryAfterMs: 1_000,
    })
  })

  it('rejects as the work does when that fails first, and swallows a later failure', async () => {
    await expect(
      withDeadline(
        deadlineAfter(5_000),
        'work',
        Promise.reject(new CodedError('UNAVAILABLE', 'away')),
      ),
    ).rejects.toMatchObject({
      code: 'UNAVAILABLE',
    })
    const unhandled: unknown[] = []
    const note = (error: unknown): number => unhandled.push(error)
    process.on('unhandledRejection', note)
    const { promise, reject } = Promise.withResolvers<never>()
    await expect(withDeadline({ at: 0 }, 'work', promise)).rejects.toMatchObject({
      code: 'DEADLINE_EXCEEDED',
    })
    reject(new Error('too late for anyone'))
    await new Promise(setImmediate) // Node reports unhandled rejections before the next turn
    process.off('unhandledRejection', note)
    expect(unhandled).toEqual([])
  })
})
