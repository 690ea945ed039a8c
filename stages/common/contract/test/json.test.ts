import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parseJson, writeJson } from '../src/index.ts'

const parsed = (text: string | Uint8Array): unknown => {
  const result = parseJson(text)
  if (!result.ok) throw new Error(`refused: ${result.reason}`)
  return result.value
}

const beyondSafe = fc.oneof(
  fc.bigInt({ min: 2n ** 53n, max: 2n ** 64n }),
  fc.bigInt({ min: 2n ** 53n, max: 2n ** 64n }).map((n) => -n),
)

describe('lossless JSON', () => {
  it('equals JSON.parse for texts without unsafe integers', () => {
    // A double below 1e21 is written without an exponent, and then reads as an integer.
    const safe = fc.jsonValue().filter((value) => !/[0-9]{16}/.test(JSON.stringify(value)))
    fc.assert(
      fc.property(safe, (value) => {
        const text = JSON.stringify(value)
        expect(parsed(text)).toEqual(JSON.parse(text))
      }),
    )
  })

  it('equals JSON.parse for the rest of a text with a long id', () => {
    const safe = fc.jsonValue().filter((value) => !/[0-9]{16}/.test(JSON.stringify(value)))
    fc.assert(
      fc.property(safe, (value) => {
        const text = JSON.stringify({ id: '1234567890123456789', value })
        expect(parsed(text)).toEqual(JSON.parse(text))
      }),
    )
  })

  it('keeps every digit of an integer beyond 2^53 at any position', () => {
    fc.assert(
      fc.property(
        beyondSafe,
        fc.array(fc.constantFrom('object', 'array'), { maxLength: 10 }),
        (integer, nesting) => {
          let text = String(integer)
          for (const kind of nesting)
            text = kind === 'array' ? `[0, ${text}, "x"]` : `{"a": 1, "id": ${text}, "z": null}`
          let value = parsed(text)
          for (const kind of nesting.toReversed())
            value = kind === 'array' ? (value as unknown[])[1] : (value as { id: unknown }).id
          expect(value).toBe(integer)
        },
      ),
    )
  })

  it('keeps safe integers, fractions and exponents as numbers', () => {
    const text =
      '[9007199254740991, -9007199254740991, 1.5, 1e30, 12345678901234567890.5, 0.1234567890123456789]'
    expect(parsed(text)).toEqual(JSON.parse(text))
  })

  it('keeps digits in strings', () => {
    expect(parsed('{"content": "12345678901234567890", "12345678901234567890": 1}')).toEqual({
      content: '12345678901234567890',
      '12345678901234567890': 1,
    })
  })

  it('treats __proto__ like any other field', () => {
    const value = parsed('{"__proto__": {"admin": 12345678901234567890}}') as object
    expect(Object.getPrototypeOf(value)).toBe(Object.prototype)
    expect(Object.hasOwn(value, '__proto__')).toBe(true)
  })

  it('refuses a text that nests deeper than 64, without a stack overflow', () => {
    for (const [open, close] of [
      ['[', ']'],
      ['{"a":', '}'],
    ] as const) {
      const nested = (depth: number) => `${open.repeat(depth)}1${close.repeat(depth)}`
      expect(parseJson(nested(64)).ok).toBe(true)
      expect(parseJson(nested(65))).toEqual({ ok: false, reason: 'too-deep' })
      expect(parseJson(open.repeat(200_000))).toEqual({ ok: false, reason: 'too-deep' })
    }
  })

  it('ignores brackets in strings', () => {
    const text = JSON.stringify(`${'['.repeat(100)}\\"${'{'.repeat(100)}`)
    expect(parsed(text)).toBe(JSON.parse(text))
  })

  it.each([[[0xff]], [[0x22, 0xc3, 0x22]], [[0x22, 0xed, 0xa0, 0x80, 0x22]]])(
    'refuses bytes that are not UTF-8: %j',
    (bytes) => {
      expect(parseJson(Uint8Array.from(bytes))).toEqual({ ok: false, reason: 'not-utf8' })
    },
  )

  it('refuses any other invalid text as malformed, and never throws', () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ maxLength: 200 }),
        (bytes) => typeof parseJson(bytes).ok === 'boolean',
      ),
    )
    for (const text of [
      '',
      '{',
      '{"a":}',
      "{'a':1}",
      '[1,]',
      'undefined',
      'NaN',
      '01',
      '"\n"',
      '{"a":1} x',
    ])
      expect(parseJson(text), text).toEqual({ ok: false, reason: 'malformed' })
  })
})

describe('writing JSON', () => {
  it('writes a bigint as an integer', () => {
    fc.assert(
      fc.property(beyondSafe, (integer) => {
        const text = `{"a":[{"nonce":${integer}}],"b":"${integer}"}`
        expect(writeJson(parsed(text))).toBe(text)
      }),
    )
  })

  it('equals JSON.stringify for other values, and throws like it', () => {
    fc.assert(
      fc.property(
        fc.jsonValue(),
        (value) => void expect(writeJson(value)).toBe(JSON.stringify(value)),
      ),
    )
    const circle: { self?: unknown } = {}
    circle.self = circle
    expect(() => writeJson(circle)).toThrow(TypeError)
  })
})
