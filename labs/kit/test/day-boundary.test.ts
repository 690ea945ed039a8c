import { describe, expect, it } from 'vitest'
import { isNearMidnight } from '../src/day-boundary.ts'

describe('the change of the day', () => {
  it.each([
    ['2026-11-29T23:56:59Z', false],
    ['2026-11-29T23:57:00Z', true],
    ['2026-11-30T00:00:00Z', true],
    ['2026-11-30T00:11:59Z', true],
    ['2026-11-30T00:12:00Z', false],
    ['2026-11-30T12:00:00Z', false],
  ])('is near at %s: %s', (time, near) => {
    expect(isNearMidnight(Date.parse(time))).toBe(near)
  })
})
