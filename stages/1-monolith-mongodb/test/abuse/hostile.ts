import fc from 'fast-check'
import type { z } from 'zod'
import type { Fixture } from './fixture.ts'

const OPERATORS = [
  { $gt: '' },
  { $ne: null },
  { $regex: '.*' },
  { $where: 'sleep(1000)' },
  { '$set.a': 1 },
  { _bsontype: 'ObjectId' },
]
export const SPECIAL_TEXT = [
  '',
  ' ',
  '\u0000',
  'a\u0000b',
  '\ud800',
  'x\udc00y',
  '\u{1F1F8}\udc00',
  '\u202Eevil',
  '﷽',
  '👩‍👩‍👧‍👦',
  '__proto__',
  'constructor',
  'toString',
  '$gt',
  'a.b',
  '../../etc/passwd',
  '<script>',
  'null',
  'NaN',
  '-1',
  '0',
  '00',
  '1e3',
  '9223372036854775807',
  '9223372036854775808',
  '@me',
  '@everyone <@&0> <@9223372036854775807>',
  'x'.repeat(2_001),
  '\ud800'.repeat(50),
  '\u0301'.repeat(500),
  '{"$gt":""}',
]
/** Names with a meaning in JavaScript objects, the driver, the database or the serializer. */
const SPECIAL_KEYS = [
  '_bsontype',
  'a\u0000b',
  '__proto__',
  'constructor',
  'toJSON',
  '$gt',
  'a.b',
  '_id',
  '',
  '\ud800',
]
const SPECIAL_NUMBERS = [
  0,
  -0,
  -1,
  1,
  0.5,
  1e308,
  2 ** 31,
  2 ** 32,
  2 ** 53,
  2 ** 63,
  Number.MAX_SAFE_INTEGER,
  Number.MIN_VALUE,
]

export const idOf = (fixture: Fixture) =>
  fc.constantFrom(
    fixture.user,
    fixture.stranger,
    fixture.guild,
    fixture.channel,
    fixture.voice,
    fixture.message,
    fixture.role,
  )

/** A value of any type, often one that is known to break software. */
export const hostileValue = (fixture: Fixture): fc.Arbitrary<unknown> =>
  fc.oneof(
    idOf(fixture),
    fc.constantFrom<unknown>(
      ...SPECIAL_TEXT,
      ...SPECIAL_NUMBERS,
      ...OPERATORS,
      null,
      true,
      false,
      [],
      {},
    ),
    fc.string({ unit: 'binary', maxLength: 40 }),
    fc.array(
      fc.oneof(idOf(fixture), fc.constantFrom<unknown>(...SPECIAL_TEXT, ...OPERATORS, null, 3)),
      { maxLength: 5 },
    ),
    fc.jsonValue({ maxDepth: 4 }),
  )

/** The parts of a zod schema's definition that the generators read. */
interface Definition {
  readonly type: string
  readonly shape?: Record<string, z.ZodType>
  readonly catchall?: z.ZodType
  readonly element?: z.ZodType
  readonly innerType?: z.ZodType
  readonly in?: z.ZodType
  readonly options?: readonly z.ZodType[]
  readonly values?: readonly unknown[]
  readonly entries?: Record<string, unknown>
}
const definitionOf = (schema: z.ZodType): Definition =>
  (schema as unknown as { def: Definition }).def

/**
 * A value that mostly fits the schema, with a hostile one somewhere in it now and then. So requests
 * get past the first check.
 */
export function almostValid(schema: z.ZodType, fixture: Fixture): fc.Arbitrary<unknown> {
  return fc.oneof(
    { weight: 30, arbitrary: valid(schema, fixture) },
    { weight: 1, arbitrary: hostileValue(fixture) },
  )
}

function valid(schema: z.ZodType, fixture: Fixture): fc.Arbitrary<unknown> {
  const def = definitionOf(schema)
  const inner = def.innerType ?? def.in
  if (inner !== undefined) return almostValid(inner, fixture)
  switch (def.type) {
    case 'object':
      return object(def, fixture)
    case 'array':
      return fc.array(almostValid(def.element!, fixture), { maxLength: 3 })
    case 'union':
      return fc.oneof(...def.options!.map((option) => almostValid(option, fixture)))
    case 'literal':
      return fc.constantFrom(...def.values!)
    case 'enum':
      return fc.constantFrom(...Object.values(def.entries!))
    case 'boolean':
      return fc.boolean()
    case 'number':
      return mostly(fc.integer({ min: 0, max: 100 }), fc.constantFrom(...SPECIAL_NUMBERS))
    case 'string':
      return mostly(
        fc.oneof(fc.string({ minLength: 2, maxLength: 20 }), fc.constant(fixture.strangerToken)),
        fc.constantFrom(...SPECIAL_TEXT),
      )
    default: // ids, and fields with a check of their own
      return mostly(idOf(fixture), fc.constantFrom<unknown>('0', '1', 1))
  }
}

const mostly = (
  usual: fc.Arbitrary<unknown>,
  special: fc.Arbitrary<unknown>,
): fc.Arbitrary<unknown> =>
  fc.oneof({ weight: 6, arbitrary: usual }, { weight: 1, arbitrary: special })

/** An object with some of the schema's fields, and often an unknown one with a special name. */
function object(def: Definition, fixture: Fixture): fc.Arbitrary<unknown> {
  const fields = Object.entries(def.shape ?? {}).map(
    ([key, field]) => [key, almostValid(field, fixture)] as const,
  )
  const known = fc.record(Object.fromEntries(fields), { requiredKeys: [] })
  const special = fc.tuple(fc.constantFrom(...SPECIAL_KEYS), hostileValue(fixture))
  return fc.tuple(known, fc.option(special, { freq: 2 })).map(([body, extra]) => {
    // JSON.parse makes an own property even of __proto__, and so does this.
    if (extra) Object.defineProperty(body, extra[0], { value: extra[1], enumerable: true })
    return body
  })
}

/** The names of a query's fields. */
export const fieldNames = (schema: z.ZodType): string[] =>
  Object.keys(definitionOf(schema).shape ?? {})
