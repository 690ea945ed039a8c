import { describe, expect, it } from 'vitest'
import { Stall } from '../../src/actors/stall.ts'

describe('a turn of the event loop', () => {
  it('is too long when it has used that much CPU time', () => {
    const stall = new Stall(700, 50)
    expect(stall.check({ turns: 1, atMs: 0, cpuMs: 100 })).toBe(false)
    for (let ms = 50; ms <= 700; ms += 50)
      expect(stall.check({ turns: 1, atMs: ms, cpuMs: 100 + ms })).toBe(false)
    expect(stall.check({ turns: 1, atMs: 750, cpuMs: 850 })).toBe(true)
  })

  it('is not too long if the process waits for a CPU', () => {
    const stall = new Stall(700, 50)
    for (let ms = 0; ms <= 5_000; ms += 50)
      expect(stall.check({ turns: 1, atMs: ms, cpuMs: ms / 10 })).toBe(false)
  })

  it('ends when another one begins', () => {
    const stall = new Stall(700, 50)
    for (let ms = 0; ms <= 5_000; ms += 50)
      expect(stall.check({ turns: Math.floor(ms / 500), atMs: ms, cpuMs: ms })).toBe(false)
  })

  it('is not too long because the process was paused', () => {
    const stall = new Stall(700, 50)
    stall.check({ turns: 1, atMs: 0, cpuMs: 0 })
    expect(stall.check({ turns: 1, atMs: 60_000, cpuMs: 750 })).toBe(false)
  })
})
