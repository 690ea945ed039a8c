import fc from 'fast-check'
import type { z } from 'zod'
import type { World } from './world.ts'

const OPERATORS = [
  { $gt: '' },
  { $ne: null },
  { $regex: '.*' },
  { $where: 'sleep(1000)' },
  { '$set.a': 1 },
  { _bsontype: 'ObjectId' },
]
export const SPECIAL_TEXT = [
  ...[
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
  ],
  ...[
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
  ],
  ...[
    '@everyone <@&0> <@9223372036854775807>',
    'x'.repeat(2_001),
    '\ud800'.repeat(50),
    '\u0301'.repeat(500),
    '{"$gt":""}',
  ],
]
/** Names that mean something to an object, a driver, a database or a serialiser. */
const NASTY_KEYS = [
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

export const idOf = (world: World) =>
  fc.constantFrom(
    world.user,
    world.stranger,
    world.guild,
    world.channel,
    world.voice,
    world.message,
    world.role,
  )

/** A value of any type; often one that once broke something somewhere. */
export const hostileValue = (world: World): fc.Arbitrary<unknown> =>
  fc.oneof(
    idOf(world),
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
      fc.oneof(idOf(world), fc.constantFrom<unknown>(...SPECIAL_TEXT, ...OPERATORS, null, 3)),
      { maxLength: 5 },
    ),
    fc.jsonValue({ maxDepth: 4 }),
  )

/** What a schema lets see of itself; enough of it to aim. */
interface Def {
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
const defOf = (schema: z.ZodType): Def => (schema as unknown as { def: Def }).def

/**
 * What the schema asks for, most of the time; somewhere in it, now and then, something else. So it
 * gets past the first check.
 */
export function nearly(schema: z.ZodType, world: World): fc.Arbitrary<unknown> {
  return fc.oneof(
    { weight: 30, arbitrary: asked(schema, world) },
    { weight: 1, arbitrary: hostileValue(world) },
  )
}

function asked(schema: z.ZodType, world: World): fc.Arbitrary<unknown> {
  const def = defOf(schema)
  const inner = def.innerType ?? def.in
  if (inner !== undefined) return nearly(inner, world)
  switch (def.type) {
    case 'object':
      return object(def, world)
    case 'array':
      return fc.array(nearly(def.element!, world), { maxLength: 3 })
    case 'union':
      return fc.oneof(...def.options!.map((option) => nearly(option, world)))
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
        fc.oneof(fc.string({ minLength: 2, maxLength: 20 }), fc.constant(world.strangerToken)),
        fc.constantFrom(...SPECIAL_TEXT),
      )
    default: // ids and other fields that are checked by hand
      return mostly(idOf(world), fc.constantFrom<unknown>('0', '1', 1))
  }
}

const mostly = (
  usual: fc.Arbitrary<unknown>,
  special: fc.Arbitrary<unknown>,
): fc.Arbitrary<unknown> =>
  fc.oneof({ weight: 6, arbitrary: usual }, { weight: 1, arbitrary: special })

/** With some of its fields, and often one that it does not know, by a nasty name. */
function object(def: Def, world: World): fc.Arbitrary<unknown> {
  const fields = Object.entries(def.shape ?? {}).map(
    ([key, field]) => [key, nearly(field, world)] as const,
  )
  const known = fc.record(Object.fromEntries(fields), { requiredKeys: [] })
  const nasty = fc.tuple(fc.constantFrom(...NASTY_KEYS), hostileValue(world))
  return fc.tuple(known, fc.option(nasty, { freq: 2 })).map(([body, extra]) => {
    // As JSON has it: an own property, even when its name is __proto__.
    if (extra) Object.defineProperty(body, extra[0], { value: extra[1], enumerable: true })
    return body
  })
}

/** The names of a query's fields. */
export const namesOf = (schema: z.ZodType): string[] => Object.keys(defOf(schema).shape ?? {})
