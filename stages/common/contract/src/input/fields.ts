import { z } from 'zod'
import { ALL_PERMISSIONS } from '../permissions.ts'
import { isSnowflake } from '../snowflake.ts'

/**
 * What was sent, short enough to send back. Never `String(value)` of an object: `{"toString": 1}`
 * would make it throw.
 */
const shown = (value: unknown): string =>
  JSON.stringify(
    typeof value === 'object' && value !== null ? '[object]' : String(value).slice(0, 40),
  )

const notSnowflake = (value: unknown) => ({
  params: { code: 'NUMBER_TYPE_COERCE' },
  message: `Value ${shown(value)} is not snowflake.`,
})

/**
 * An id as a string, or as the bare number some libraries send. Objects such as `{"$gt": ""}` are
 * refused, not passed on.
 */
export const snowflake = z.unknown().transform((value, context): string => {
  const isInteger =
    typeof value === 'bigint' || (typeof value === 'number' && Number.isSafeInteger(value))
  const text = typeof value === 'string' ? value : isInteger ? String(value) : ''
  if (isSnowflake(text)) return BigInt(text).toString() // without leading zeros: one id, one spelling
  context.addIssue({
    code: 'custom',
    ...(value === undefined
      ? { params: { code: 'BASE_TYPE_REQUIRED' }, message: 'This field is required' }
      : notSnowflake(value)),
  })
  return z.NEVER
})

/**
 * A permission set: a decimal string, or a number from older libraries. Kept as a string, as on the
 * wire. Bits that stand for no permission are dropped, as Discord drops them: py-cord's
 * `Permissions.all()` sets every bit below 2^53, which not even an owner has.
 */
export const permissions = z.unknown().transform((value, context): string => {
  const text = ['string', 'number', 'bigint'].includes(typeof value) ? String(value) : ''
  if (/^[0-9]{1,19}$/.test(text)) return (BigInt(text) & ALL_PERMISSIONS).toString()
  context.addIssue({
    code: 'custom',
    params: { code: 'PERMISSIONS_TYPE_COERCE' },
    message: 'Value is not a permission set.',
  })
  return z.NEVER
})

/**
 * Judges by the schema that fits the form of the value, and names the fault as that schema does.
 * z.union would answer "Invalid input", whatever the fault is.
 */
export const byForm = <T extends z.ZodType>(schemaFor: (value: unknown) => T) =>
  z.unknown().transform((value, context): z.output<T> => {
    const result = schemaFor(value).safeParse(value, { reportInput: true })
    if (result.success) return result.data
    for (const issue of result.error.issues) context.addIssue({ ...issue })
    return z.NEVER
  })

/**
 * Half a surrogate pair is no character: no encoding has it, so it could not be answered, stored
 * and sent as the same text. Clients make them by cutting a text in the middle of an emoji.
 */
const wellFormed = [
  (value: string) => value.isWellFormed(),
  { params: { code: 'BASE_TYPE_BAD_UNICODE' }, message: 'Must be well-formed Unicode.' },
] as const

/**
 * Text as it came, of at most so many code points, as Discord counts: `👍` is one, although a
 * string's length says two.
 */
export const text = (max: number) => wellFormedAtMost(z.string(), max)

/** Text that people write. Discord trims it before it counts, and keeps it trimmed. */
export const trimmedText = (max: number) => wellFormedAtMost(z.string().trim(), max)

const wellFormedAtMost = (from: z.ZodString, max: number) =>
  from.refine(...atMost(max)).refine(...wellFormed)

/** A name of a thing. */
export const name = (min: number, max: number) => personName(min, max).refine(...wellFormed)

/**
 * What people call themselves is taken as it comes, ill-formed or not: whoever passes it on has to
 * cope with that.
 */
export const personName = (min: number, max: number) =>
  z
    .string()
    .trim()
    .min(min)
    .refine(...atMost(max))

/** The length in code points. */
export const codePoints = (value: string): number => {
  let count = 0
  for (const _ of value) count += 1
  return count
}

const atMost = (max: number) =>
  [
    (value: string) => value.length <= max || codePoints(value) <= max,
    { params: { code: 'BASE_TYPE_MAX_LENGTH' }, message: `Must be ${max} or fewer in length.` },
  ] as const

/** Null and absent mean the same to most clients: back to the default. */
export const orNull = <T extends z.ZodType>(schema: T) => schema.nullable().optional()

/** An integer in a query string. */
export const queryInt = (min: number, max: number, fallback: number) =>
  // Optional outside the transform: else the key itself would have to be there.
  z
    .unknown()
    .optional()
    .transform((value, context): number => {
      if (value === undefined) return fallback
      const text = typeof value === 'string' ? value : ''
      if (!/^-?[0-9]{1,15}$/.test(text)) {
        context.addIssue({
          code: 'custom',
          params: { code: 'NUMBER_TYPE_COERCE' },
          message: `Value ${shown(value)} is not int.`,
        })
        return z.NEVER
      }
      const number = Number(text)
      if (number >= min && number <= max) return number
      const [code, message] =
        number < min
          ? ['NUMBER_TYPE_MIN', `int value should be greater than or equal to ${min}.`]
          : ['NUMBER_TYPE_MAX', `int value should be less than or equal to ${max}.`]
      context.addIssue({ code: 'custom', params: { code }, message })
      return z.NEVER
    })

export const queryBoolean = z
  .enum(['true', 'false', '1', '0', 'True', 'False'])
  .transform((text) => text === '1' || text.toLowerCase() === 'true')
  .optional()
