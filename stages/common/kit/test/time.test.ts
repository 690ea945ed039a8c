import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { CodedError, deadlineAfter, hybridClock, remainingMs, withDeadline } from '../src/index.ts'

describe('the hybrid clock', () => {
  it('never gives a time twice or an earlier one, wherever the clock is set and whatever is observed', () => {
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

  it('is the system’s clock in microseconds while that goes forward', () => {
    let now = 1_700_000_000_000.9
    const clock = hybridClock({ now: () => now })
    expect(clock.next()).toBe(1_700_000_000_000_000n)
    now += 5
    expect(clock.next()).toBe(1_700_000_000_005_000n)
  })

  it('counts on where the system’s clock stands still, and forgets nothing it observed', () => {
    const clock = hybridClock({ now: () => 1 })
    expect([clock.next(), clock.next()]).toEqual([1_000n, 1_001n])
    clock.observe(5_000n)
    clock.observe(2_000n)
    expect(clock.next()).toBe(5_001n)
  })
})

describe('a deadline', () => {
  it('is an absolute time, so that handing it on never makes it longer', () => {
    const deadline = deadlineAfter(500, { now: () => 1_000 })
    expect(deadline).toEqual({ at: 1_500 })
    expect(remainingMs(deadline, 1_200)).toBe(300)
    expect(remainingMs(deadline, 1_499.5)).toBe(1)
    expect(structuredClone(deadline)).toEqual(deadline)
  })

  it('leaves at least a millisecond, since to many drivers 0 means for ever', () => {
    expect(remainingMs({ at: 0 })).toBe(1)
  })

  it('gives the answer that comes in time', async () => {
    expect(await withDeadline(deadlineAfter(5_000), 'work', Promise.resolve('done'))).toBe('done')
  })

  it('rejects with a code when the answer does not come', async () => {
    const { promise } = Promise.withResolvers<never>()
    await expect(withDeadline(deadlineAfter(5), 'the store', promise)).rejects.toMatchObject({
      code: 'DEADLINE_EXCEEDED',
      retryAfterMs: 1_000,
    })
  })

  it('rejects as the work does when that fails first, and keeps quiet when it fails afterwards', async () => {
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
    await new Promise(setImmediate) // unhandled rejections are reported before the next turn
    process.off('unhandledRejection', note)
    expect(unhandled).toEqual([])
  })
})
