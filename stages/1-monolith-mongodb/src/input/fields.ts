import { ALL_PERMISSIONS, isSnowflake } from '@threshold/contract'
import { z } from 'zod'

/**
 * A short form of a value for an error message. It never calls `String()` with an object, which
 * throws for `{"toString": 1}`.
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
 * An id as a string, or as the bare number that some libraries send. Objects such as `{"$gt": ""}`
 * are refused, so that none reaches a database query.
 */
export const snowflake = z.unknown().transform((value, context): string => {
  const isInteger =
    typeof value === 'bigint' || (typeof value === 'number' && Number.isSafeInteger(value))
  const text = typeof value === 'string' ? value : isInteger ? String(value) : ''
  if (isSnowflake(text)) return BigInt(text).toString() // drops leading zeros, so that each id has one spelling
  context.addIssue({
    code: 'custom',
    ...(value === undefined
      ? { params: { code: 'BASE_TYPE_REQUIRED' }, message: 'This field is required' }
      : notSnowflake(value)),
  })
  return z.NEVER
})

/**
 * A permission set: a decimal string, or a number from older libraries. The result is a string, as
 * on the wire. Unknown bits are dropped, as at Discord: py-cord's `Permissions.all()` sets every
 * bit below 2^53, which not even an owner has.
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
 * Validates by the schema that `choose` returns for the value, and reports that schema's errors.
 * `z.union` would report "Invalid input" for each of them.
 */
export const schemaFor = <T extends z.ZodType>(choose: (value: unknown) => T) =>
  z.unknown().transform((value, context): z.output<T> => {
    const result = choose(value).safeParse(value, { reportInput: true })
    if (result.success) return result.data
    for (const issue of result.error.issues) context.addIssue({ ...issue })
    return z.NEVER
  })

/**
 * Half a surrogate pair cannot be encoded, so it could not be stored and sent back unchanged.
 * Clients produce one when they cut a text in the middle of an emoji.
 */
const wellFormed = [
  (value: string) => value.isWellFormed(),
  { params: { code: 'BASE_TYPE_BAD_UNICODE' }, message: 'Must be well-formed Unicode.' },
] as const

/** Unchanged text of up to `max` code points. Discord counts `👍` as one, `length` as two. */
export const text = (max: number) => wellFormedAtMost(z.string(), max)

/** Text that people write. Discord trims it before it counts and stores it. */
export const trimmedText = (max: number) => wellFormedAtMost(z.string().trim(), max)

const wellFormedAtMost = (from: z.ZodString, max: number) =>
  from.refine(...atMost(max)).refine(...wellFormed)

/** The name of a channel, role or guild, in code points. */
export const name = (min: number, max: number) => personName(min, max).refine(...wellFormed)

/**
 * The name of a person. It may be ill-formed Unicode, and the code that sends it on handles that.
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

/** An integer in a query string; `fallback` if it is absent. */
export const queryInt = (min: number, max: number, fallback: number) =>
  // Zod would require the key if this were not optional here.
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
