import { inspect, isDeepStrictEqual } from 'node:util'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { CodedError, decodeJson, encodeJson, hasCode } from '../src/index.ts'

const text = fc.oneof(fc.string({ unit: 'binary' }), fc.constantFrom('\uD800', 'a\uDC00b', '\0'))
const tag = fc.constantFrom(
  ...['$undefined', '$bigint', '$map', '$set', '$bytes', '$error', '$object', '$', '$other'],
)
const key = fc.oneof(
  text,
  tag,
  fc.constantFrom('__proto__', 'constructor', 'prototype', 'toJSON', 'toString', 'length', '0'),
)
const number = fc.double({ noNaN: true, noDefaultInfinity: true })
const error = fc
  .record(
    { code: text, message: text, next: text, retryAfterMs: number },
    { requiredKeys: ['code', 'message'] },
  )
  .map(({ code, message, ...details }) => new CodedError(code, message, details))
const bytes = fc.uint8Array()

/** Any value that may cross a port. Many objects look like those that the codec makes itself. */
const { value: plainData } = fc.letrec((tie) => {
  const list = fc.array(tie('value'), { maxLength: 4 })
  const field = tie('value').filter((value) => value !== undefined)
  return {
    value: fc.oneof(
      { depthSize: 'small', withCrossShrink: true },
      fc.oneof(text, number, fc.bigInt(), bytes, error, fc.constantFrom(null, true, undefined, -0)),
      list,
      fc.dictionary(key, field, { maxKeys: 4 }),
      fc.tuple(tag, field).map((entry) => Object.fromEntries([entry])),
      list.map((items) => new Set(items)),
      fc
        .array(fc.tuple(tie('value'), tie('value')), { maxLength: 3 })
        .map((entries) => new Map(entries)),
    ),
  }
})

/** Errors are compared by the fields that cross, since each has a stack of its own. */
function comparable(value: unknown): unknown {
  if (value instanceof CodedError) {
    const { code, message, next, retryAfterMs } = value
    return ['coded error', code, message, next, retryAfterMs]
  }
  if (Array.isArray(value)) return value.map(comparable)
  if (value instanceof Set) return ['set', ...[...value].map(comparable)]
  if (value instanceof Map) return ['map', ...[...value].map(comparable)]
  if (typeof value !== 'object' || value === null || value instanceof Uint8Array) return value
  return Object.fromEntries(Object.entries(value).map(([k, field]) => [k, comparable(field)]))
}
const expectSame = (actual: unknown, expected: unknown): void => {
  const same = isDeepStrictEqual(comparable(actual), comparable(expected))
  expect(same, inspect({ actual, expected }, { depth: 10 })).toBe(true)
}

/** The code with which `work` throws. */
function codeOf(work: () => unknown): string | undefined {
  try {
    work()
    return undefined
  } catch (caught) {
    return hasCode(caught) ? caught.code : `not coded: ${String(caught)}`
  }
}

const nested = (levels: number, innermost: unknown): unknown =>
  levels === 0 ? innermost : [nested(levels - 1, innermost)]

describe('a value that crosses as JSON', () => {
  it('comes back as it was, and is not changed itself', () => {
    fc.assert(
      fc.property(plainData, (value) => {
        const before = structuredClone(comparable(value))
        const encoded = encodeJson(value)
        expectSame(decodeJson(encoded), value)
        expectSame(decodeJson(Buffer.from(encoded)), value)
        expectSame(comparable(value), before)
      }),
      { numRuns: 500 },
    )
  })

  it('is written as JSON.stringify does, unless it needs a tag', () => {
    fc.assert(
      fc.property(fc.jsonValue({ noUnicodeString: false }), (value) => {
        const json = JSON.stringify(value)
        fc.pre(!json.includes('"$'))
        expect(encodeJson(JSON.parse(json))).toBe(json)
      }),
    )
  })

  it.each([
    [5n, '{"$bigint":"5"}'],
    [undefined, '{"$undefined":true}'],
    [[1, undefined], '[1,{"$undefined":true}]'],
    // biome-ignore lint/suspicious/noSparseArray: the hole is what is tested
    [[1, , 2], '[1,{"$undefined":true},2]'],
    [{ a: undefined, b: 1 }, '{"b":1}'],
    [new Map([['a', 1n]]), '{"$map":[["a",{"$bigint":"1"}]]}'],
    [new Set(['a']), '{"$set":["a"]}'],
    [Buffer.from('hi'), '{"$bytes":"aGk="}'],
    [Buffer.from('xhix').subarray(1, 3), '{"$bytes":"aGk="}'],
    [-0, '-0'],
    [{ $bigint: '5' }, '{"$object":{"$bigint":"5"}}'],
    [{ $bigint: '5', more: undefined }, '{"$object":{"$bigint":"5"}}'],
    [{ $bigint: '5', more: 1 }, '{"$bigint":"5","more":1}'],
    [{ $object: { $bigint: '5' } }, '{"$object":{"$object":{"$object":{"$bigint":"5"}}}}'],
    [new CodedError('GONE', 'it left'), '{"$error":{"code":"GONE","message":"it left"}}'],
  ])('is written with a tag where JSON lacks it: %o', (value, json) => {
    expect(encodeJson(value)).toBe(json)
  })

  it('keeps neither the cause nor the stack of an error', () => {
    const original = new CodedError('UNAVAILABLE', 'no', { cause: new Error('mongodb://user:pw@') })
    const received = decodeJson(encodeJson(original)) as CodedError
    expect(received).toBeInstanceOf(CodedError)
    expect(received.cause).toBeUndefined()
    expect(received.stack).not.toBe(original.stack)
  })

  it('gets the usual prototype if it has none', () => {
    const bare: unknown = Object.assign(Object.create(null), { a: 1 })
    expect(decodeJson(encodeJson(bare))).toStrictEqual({ a: 1 })
  })
})

describe('a value that is no plain data', () => {
  const cycle: unknown[] = []
  cycle.push({ cycle })
  const throwing = {
    get field(): never {
      throw new Error('no')
    },
  }
  it.each<[string, unknown]>([
    ['a function', () => {}],
    ['a method', { run() {} }],
    ['toJSON', { toJSON: () => 'another value' }],
    ['a symbol', Symbol('s')],
    ['NaN', Number.NaN],
    ['infinity', [Number.NEGATIVE_INFINITY]],
    ['a date', new Date(0)],
    ['an error without a code', new Error('no')],
    ['an instance of a class', new (class Thing {})()],
    ['an object with a prototype of its own', Object.create({ inherited: true })],
    ['a typed array of other numbers', new Uint16Array(1)],
    ['a promise in a map', new Map([['a', Promise.resolve()]])],
    ['a map in name only', Object.create(Map.prototype)],
    ['a field that cannot be read', throwing],
    ['a cycle', cycle],
    ['101 levels', nested(101, 1)],
    ['a bigint of 1,001 digits', 10n ** 1_000n],
  ])('is refused: %s', (_name, value) => {
    expect(codeOf(() => encodeJson(value))).toBe('NOT_PLAIN_DATA')
  })

  it('is refused at the same depth on both sides', () => {
    for (const innermost of [1n, undefined, new Uint8Array(1), 'text']) {
      const deepest = nested(100, innermost)
      expect(decodeJson(encodeJson(deepest))).toStrictEqual(deepest)
    }
    for (const innermost of [[], {}, new Map(), new Set(), new CodedError('A', 'b')])
      expect(codeOf(() => encodeJson(nested(100, innermost)))).toBe('NOT_PLAIN_DATA')
    expect(codeOf(() => decodeJson(`${'['.repeat(101)}1${']'.repeat(101)}`))).toBe('MALFORMED_DATA')
  })
})

describe('input that the encoder did not make', () => {
  const inputs = [
    '',
    'undefined',
    '{"a":1',
    '1e999',
    '[-1e999]',
    '{"$other":1}',
    '{"$":1}',
    '{"$undefined":false}',
    '{"$bigint":5}',
    '{"$bigint":"1.5"}',
    '{"$bigint":"0x10"}',
    '{"$bigint":""}',
    `{"$bigint":"${'9'.repeat(1_001)}"}`,
    '{"$bytes":"a"}',
    '{"$bytes":"aGk=\\n"}',
    '{"$bytes":[1]}',
    '{"$set":{}}',
    '{"$map":[["a"]]}',
    '{"$map":[{"$set":["a","b"]}]}',
    '{"$map":{"a":1}}',
    '{"$object":5}',
    '{"$object":["$a"]}',
    '{"$object":{"a":1}}',
    '{"$error":{"code":"A"}}',
    '{"$error":{"code":"A","message":null}}',
    '{"$error":null}',
    '['.repeat(100_000),
    '{"$set":['.repeat(50_000),
  ]
  it.each(inputs.map((json) => [json.slice(0, 40), json]))('is refused: %s', (_start, json) => {
    expect(codeOf(() => decodeJson(json))).toBe('MALFORMED_DATA')
  })

  it('is refused if it is not UTF-8', () => {
    expect(codeOf(() => decodeJson(Uint8Array.of(0x22, 0xff, 0x22)))).toBe('MALFORMED_DATA')
  })

  it('is refused, or is read as another value that can cross', () => {
    const edit = fc.record({
      at: fc.nat(),
      cut: fc.nat(3),
      insert: fc.constantFrom(...'{}[]",:$1e'),
    })
    fc.assert(
      fc.property(plainData, fc.array(edit, { minLength: 1, maxLength: 3 }), (value, edits) => {
        let json = encodeJson(value)
        for (const { at, cut, insert } of edits) {
          const start = at % json.length
          json = json.slice(0, start) + insert + json.slice(start + cut)
        }
        let received: unknown
        const code = codeOf(() => (received = decodeJson(json)))
        if (code === undefined) expectSame(decodeJson(encodeJson(received)), received)
        else expect(code).toBe('MALFORMED_DATA')
      }),
    )
  })

  it('sets no prototype', () => {
    const decoded = decodeJson(
      '[{"__proto__":{"polluted":{"$bigint":"1"}}},{"__proto__":{"$map":[]}},' +
        '{"constructor":{"prototype":{"polluted":1}}},{"$object":{"$a":{"__proto__":{"polluted":1}}}}]',
    ) as object[]
    for (const object of decoded) expect(Object.getPrototypeOf(object)).toBe(Object.prototype)
    expect(Object.hasOwn(decoded[0]!, '__proto__')).toBe(true)
    expect({}).not.toHaveProperty('polluted')
  })
})
