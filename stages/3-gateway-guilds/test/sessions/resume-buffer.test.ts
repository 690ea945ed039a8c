import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { ResumeBuffer } from '../../src/sessions/resume-buffer.ts'

const LIMITS = { maxEvents: 8, maxBytes: 100, maxAgeMs: 1_000, maxBytesOfAll: 150 }

describe('a resume buffer', () => {
  it('has all events after a number or says that it has not, and stays within its limits', () =>
    fc.assert(
      fc.property(
        fc.array(
          fc.oneof(
            fc.record({ add: fc.integer({ min: 1, max: 60 }), waitMs: fc.nat(400) }),
            fc.record({ acknowledge: fc.nat(40) }),
          ),
          { maxLength: 60 },
        ),
        fc.nat(120),
        (steps, bytesOfOthers) => {
          let now = 0
          const clock = { now: () => now, monotonic: () => now } as never
          const total = { bytes: bytesOfOthers, buffers: 1 }
          const buffer = new ResumeBuffer<{ size: number }>(LIMITS, total, clock)
          let last = 0
          for (const step of steps) {
            if ('add' in step) {
              now += step.waitMs
              last += 1
              buffer.add({ size: step.add }, last)
            } else buffer.acknowledge(Math.min(step.acknowledge, last))
            const kept = buffer.all()
            const bytes = kept.reduce((sum, { event }) => sum + event.size, 0)
            expect(kept.length).toBeLessThanOrEqual(LIMITS.maxEvents)
            expect(bytes).toBeLessThanOrEqual(LIMITS.maxBytes)
            expect(total.bytes).toBe(bytesOfOthers + bytes)
            if (total.bytes > LIMITS.maxBytesOfAll)
              expect(bytes).toBeLessThanOrEqual(LIMITS.maxBytesOfAll / 2)
            for (let from = 0; from <= last; from++) {
              const sequences = buffer.after(from)?.map(({ sequence }) => sequence)
              const expected = Array.from({ length: last - from }, (_, i) => from + 1 + i)
              if (buffer.keepsAfter(from)) expect(sequences).toEqual(expected)
              else expect(sequences).toBeUndefined()
            }
          }
          buffer.close()
          expect(total.bytes).toBe(bytesOfOthers)
        },
      ),
    ))
})
