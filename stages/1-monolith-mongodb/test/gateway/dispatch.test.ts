import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { typescriptEventEncoder } from '../../src/adapters/event-encoder.typescript.ts'
import { Dispatch } from '../../src/gateway/dispatch.ts'

const encoder = typescriptEventEncoder()
const content = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 200 }),
  fc.constantFrom('"s":7', ',"op":0', 'x'.repeat(70_000)),
)
const sequence = fc.oneof(
  fc.constantFrom(1, 9, 10, 99, 100, 999, 1_000),
  fc.integer({ min: 1 }),
  fc.maxSafeInteger().map(Math.abs),
)

describe('the shared frame of an event', () => {
  it('equals the frame that each session would get alone', () =>
    fc.assert(
      fc.property(
        content,
        fc.array(fc.tuple(sequence, fc.boolean()), { minLength: 1, maxLength: 20 }),
        (text, sessions) => {
          const event = new Dispatch(encoder, encoder.encode('MESSAGE_CREATE', { content: text }))
          for (const [s, detached] of sessions) {
            expect(event.sharedFrame(s).equals(event.frame(s))).toBe(true)
            if (detached) event.detach(s)
          }
        },
      ),
    ))

  it('uses the same buffer again, unless it was detached', () => {
    const event = new Dispatch(encoder, encoder.encode('TYPING_START', {}))
    const first = event.sharedFrame(11)
    expect(event.sharedFrame(12)).toBe(first)
    expect(event.sharedFrame(123)).not.toBe(first)
    const detached = event.sharedFrame(13)
    event.detach(13)
    const bytes = detached.toString()
    expect(event.sharedFrame(14)).not.toBe(detached)
    expect(detached.toString()).toBe(bytes)
  })
})
