import { describe, expect, it } from 'vitest'
import { shareFor, WHOLE_SHARE } from '../../src/actors/load.ts'

const hot = new Map([
  [3, 100],
  [4, 900],
])
const even = new Map(Array.from({ length: 4 }, (_, partition) => [partition, 100] as const))

describe('the share of a host', () => {
  it('is the hot partition and little more while the host is busy with it', () => {
    const reduced = shareFor({ utilization: 0.9, deliveries: hot }, WHOLE_SHARE)
    expect(reduced.pinned).toEqual([4])
    expect(reduced.weight).toBeLessThan(0.1)
    expect(shareFor({ utilization: 0.95, deliveries: even }, reduced)).toBe(reduced)
    expect(shareFor({ utilization: 0.5, deliveries: even }, reduced)).toBe(reduced)
    expect(shareFor({ utilization: 0.3, deliveries: hot }, reduced)).toEqual(WHOLE_SHARE)
  })

  it.each([
    { why: 'the host is not busy', utilization: 0.7, deliveries: hot },
    { why: 'no partition is hot', utilization: 0.9, deliveries: even },
    { why: 'nothing is delivered', utilization: 0.9, deliveries: new Map<number, number>() },
  ])('stays whole if $why', (load) => {
    expect(shareFor(load, WHOLE_SHARE)).toEqual(WHOLE_SHARE)
  })
})
