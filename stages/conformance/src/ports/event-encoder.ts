import type { EventEncoder } from '@threshold/ports'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { factorySuite } from './suite.ts'

const type = fc.constantFrom('MESSAGE_CREATE', 'PRESENCE_UPDATE', 'GUILD_CREATE', 'READY')
/**
 * Anything JSON can say, with the strings people really send: any code point, and halves of pairs
 * that make none.
 */
const text = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.constantFrom('half \uDC00', '\u2028', '"s":7', '\0'),
)
const data = fc.dictionary(
  text,
  fc.anything({
    values: [
      text,
      fc.integer(),
      fc.double({ noNaN: true, noDefaultInfinity: true }),
      fc.boolean(),
      fc.constant(null),
    ],
    key: text,
    maxDepth: 3,
  }),
  { noNullPrototype: true },
) as fc.Arbitrary<object>
const sequence = fc.oneof(fc.nat(), fc.maxSafeInteger().map(Math.abs))

/** As text, and an error where it is none that UTF-8 knows. */
const read = (frame: Uint8Array): string =>
  new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(frame)

/**
 * What a client makes of it, and what it was: both as JSON has them, so that `-0` is no difference.
 */
const plain = (value: unknown): unknown => JSON.parse(JSON.stringify(value))

/**
 * The laws of an EventEncoder: encoding once and patching `s` in gives what encoding for each
 * session would have given.
 */
export function testEventEncoder(name: string, make: () => EventEncoder): void {
  factorySuite(`${name} as an event encoder`, make, (open) => {
    describe('a frame', () => {
      it('says the dispatch, its data and the number of its session', () =>
        fc.assert(
          fc.property(type, data, sequence, (t, d, s) => {
            const encoder = open()
            expect(JSON.parse(read(encoder.frame(encoder.encode(t, d), s)))).toEqual({
              t,
              s,
              op: 0,
              d: plain(d),
            })
          }),
        ))

      it('is the head, the digits of the number, and the tail', () =>
        fc.assert(
          fc.property(type, data, sequence, (t, d, s) => {
            const encoder = open()
            const event = encoder.encode(t, d)
            expect(
              Buffer.from(encoder.frame(event, s)).equals(
                Buffer.concat([event.head, Buffer.from(String(s)), event.tail]),
              ),
            ).toBe(true)
          }),
        ))

      it('of one event differs from another in its number alone', () =>
        fc.assert(
          fc.property(
            type,
            data,
            fc.array(sequence, { minLength: 2, maxLength: 5 }),
            (t, d, numbers) => {
              const encoder = open()
              const event = encoder.encode(t, d)
              const frames = numbers.map(
                (s) => JSON.parse(read(encoder.frame(event, s))) as { s: number },
              )
              expect(frames.map(({ s }) => s)).toEqual(numbers)
              expect(new Set(frames.map((frame) => JSON.stringify({ ...frame, s: 0 }))).size).toBe(
                1,
              )
            },
          ),
        ))

      it('is text that UTF-8 can carry, whatever halves of pairs are in it', () =>
        fc.assert(
          fc.property(type, data, (t, d) => {
            const encoder = open()
            expect(() => read(encoder.frame(encoder.encode(t, d), 1))).not.toThrow()
          }),
        ))

      it('keeps what the event was when it was encoded', () => {
        const encoder = open()
        const changing = { content: 'before', list: [1] }
        const event = encoder.encode('MESSAGE_CREATE', changing)
        changing.content = 'after'
        changing.list.push(2)
        expect(JSON.parse(read(encoder.frame(event, 5)))).toEqual({
          t: 'MESSAGE_CREATE',
          s: 5,
          op: 0,
          d: { content: 'before', list: [1] },
        })
      })
    })
  })
}
