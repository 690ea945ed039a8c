import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  compareIds,
  DISCORD_EPOCH,
  firstIdAt,
  IdsExhausted,
  isSnowflake,
  snowflakeGenerator,
  timeOf,
} from '../src/index.ts'

const START = DISCORD_EPOCH + 1_000_000_000

/** A clock that moves as NTP, a suspended virtual machine or an operator would move it. */
function bentClock(at = START) {
  const clock = { at, now: () => clock.at }
  return clock
}

describe('snowflakes', () => {
  it('increase and never repeat, however the clock is set', () => {
    const walk = fc.array(
      fc.tuple(fc.integer({ min: -100_000, max: 100_000 }), fc.integer({ min: 1, max: 300 })),
      { maxLength: 40 },
    )
    fc.assert(
      fc.property(walk, (steps) => {
        const clock = bentClock()
        const next = snowflakeGenerator({ worker: 7, now: clock.now })
        const ids = steps.flatMap(([step, count]) => {
          clock.at += step
          return Array.from({ length: count }, next)
        })
        for (let i = 1; i < ids.length; i++)
          expect(compareIds(ids[i - 1]!, ids[i]!)).toBeLessThan(0)
      }),
      { numRuns: 50 },
    )
  })

  it('borrow from the next millisecond after 4,096 ids', () => {
    const next = snowflakeGenerator({ worker: 1, now: () => START })
    const ids = Array.from({ length: 4_097 }, next)
    expect(timeOf(ids[4_095]!)).toBe(START)
    expect(timeOf(ids[4_096]!)).toBe(START + 1)
    expect(new Set(ids).size).toBe(4_097)
  })

  it('stay in the reserved time, and are refused when it is used up', () => {
    const reserved = { until: START + 2 }
    const next = snowflakeGenerator({
      worker: 1,
      now: () => START + 500,
      until: () => reserved.until,
    })
    const ids = Array.from({ length: 4_096 }, next)
    expect(new Set(ids.map(timeOf))).toEqual(new Set([START + 1]))
    expect(next).toThrow(IdsExhausted)
    reserved.until = START + 3
    expect(timeOf(next())).toBe(START + 2)
  })

  it('differ between workers in the same millisecond', () => {
    const made = [0, 1, 1_023].flatMap((worker) =>
      Array.from({ length: 100 }, snowflakeGenerator({ worker, now: () => START })),
    )
    expect(new Set(made).size).toBe(300)
  })

  it('accept a clock with fractions of a millisecond', () => {
    expect(timeOf(snowflakeGenerator({ worker: 0, now: () => START + 0.75 })())).toBe(START)
  })

  it.each([-1, 1_024, 1.5, Number.NaN])('refuse the worker number %s', (worker) => {
    expect(() => snowflakeGenerator({ worker, now: () => START })).toThrow(RangeError)
  })
})

const anyId = fc.bigInt({ min: 0n, max: (1n << 63n) - 1n }).map(String)

describe('ids', () => {
  it('compare like their numbers', () => {
    fc.assert(
      fc.property(anyId, anyId, (a, b) => {
        const order = BigInt(a) < BigInt(b) ? -1 : BigInt(a) > BigInt(b) ? 1 : 0
        expect(Math.sign(compareIds(a, b))).toBe(order)
      }),
    )
  })

  it('contain their millisecond, and firstIdAt is the smallest id of it', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: DISCORD_EPOCH, max: DISCORD_EPOCH + 2 ** 40 }),
        fc.integer({ min: 0, max: 1_023 }),
        (ms, worker) => {
          const id = snowflakeGenerator({ worker, now: () => ms })()
          expect(timeOf(id)).toBe(ms)
          expect(compareIds(firstIdAt(ms), id)).toBeLessThanOrEqual(0)
          expect(compareIds(id, firstIdAt(ms + 1))).toBeLessThan(0)
        },
      ),
    )
  })

  it('start at Discord’s epoch with id 0', () => {
    expect(firstIdAt(0)).toBe('0')
    expect(firstIdAt(DISCORD_EPOCH)).toBe('0')
  })

  it('are decimal and fit a signed 64-bit integer', () => {
    fc.assert(fc.property(anyId, isSnowflake))
    for (const text of [
      '',
      '-1',
      '1.0',
      '0x1',
      ' 1',
      '1\n',
      '１',
      'abc',
      String(1n << 63n),
      '9'.repeat(19),
      '1'.repeat(20),
    ])
      expect(isSnowflake(text), JSON.stringify(text)).toBe(false)
    expect(isSnowflake(String((1n << 63n) - 1n))).toBe(true)
  })
})
