import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { typescriptEventEncoder } from '../../src/adapters/event-encoder.typescript.ts'
import { Dispatch } from '../../src/gateway/dispatch.ts'

const content = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 200 }),
  fc.constantFrom('"s":7', ',"op":0', 'x'.repeat(70_000)),
)
const number = fc.oneof(
  fc.constantFrom(1, 9, 10, 99, 100, 999, 1_000),
  fc.integer({ min: 1 }),
  fc.maxSafeInteger().map(Math.abs),
)

describe('an event on its way to many sockets', () => {
  it('is for each of them the frame that it would have had alone', () =>
    fc.assert(
      fc.property(
        content,
        fc.array(fc.tuple(number, fc.boolean()), { minLength: 1, maxLength: 20 }),
        (text, sessions) => {
          const event = new Dispatch(typescriptEventEncoder(), 'MESSAGE_CREATE', { content: text })
          for (const [sequence, kept] of sessions) {
            expect(event.sharedFrame(sequence).equals(event.frame(sequence))).toBe(true)
            if (kept) event.detach(sequence)
          }
        },
      ),
    ))

  it('lends the same memory again, unless it was kept', () => {
    const event = new Dispatch(typescriptEventEncoder(), 'TYPING_START', {})
    const first = event.sharedFrame(11)
    expect(event.sharedFrame(12)).toBe(first)
    expect(event.sharedFrame(123)).not.toBe(first)
    const kept = event.sharedFrame(13)
    event.detach(13)
    const words = kept.toString()
    expect(event.sharedFrame(14)).not.toBe(kept)
    expect(kept.toString()).toBe(words)
  })
})
