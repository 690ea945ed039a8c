import type { EventEncoder } from '@threshold/ports'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { factorySuite } from './suite.ts'

const type = fc.constantFrom('MESSAGE_CREATE', 'PRESENCE_UPDATE', 'GUILD_CREATE', 'READY')
/** Strings that people send: any code point, and half surrogate pairs. */
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

/** Decodes UTF-8, and throws on invalid bytes. */
const read = (frame: Uint8Array): string =>
  new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(frame)

/** The value after a round trip through JSON, which turns `-0` into `0`. */
const plain = (value: unknown): unknown => JSON.parse(JSON.stringify(value))

/**
 * The contract of an EventEncoder: encoding once and inserting `s` equals encoding for each
 * session.
 */
export function testEventEncoder(name: string, make: () => EventEncoder): void {
  factorySuite(`${name} as an event encoder`, make, (open) => {
    describe('a frame', () => {
      it('contains the dispatch, its data and the sequence number', () =>
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

      it('is the head, the digits of the number and the tail', () =>
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

      it('differs from other frames of its event only in the number', () =>
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

      it('is valid UTF-8, also with half surrogate pairs', () =>
        fc.assert(
          fc.property(type, data, (t, d) => {
            const encoder = open()
            expect(() => read(encoder.frame(encoder.encode(t, d), 1))).not.toThrow()
          }),
        ))

      it('of JSON equals the frame of the data', () =>
        fc.assert(
          fc.property(type, data, sequence, (t, d, s) => {
            const encoder = open()
            const json = Buffer.from(JSON.stringify(d))
            expect(read(encoder.frame(encoder.encodeJson(t, json), s))).toBe(
              read(encoder.frame(encoder.encode(t, d), s)),
            )
          }),
        ))

      it('keeps the data as it was when it was encoded', () => {
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
