import { z } from 'zod'

/** Whether a value asks for nothing: null, false, 0, an empty text, list or object. */
const asksForNothing = (value: unknown): boolean =>
  value == null ||
  value === false ||
  value === 0 ||
  value === '' ||
  (typeof value === 'object' && Object.keys(value).length === 0)

const refusing = (field: string, accepts: (value: unknown) => boolean) =>
  z
    .unknown()
    .optional()
    .refine(accepts, {
      params: { code: 'FIELD_UNSUPPORTED' },
      message: `${field} is not supported by this server.`,
    })

/**
 * A field that Discord documents and this server does not support. It is refused by name, because
 * an answer of 200 would claim that it had an effect. Libraries send whole structures, so a value
 * that asks for nothing is accepted, and so is `fixed`, the value that the field always has here.
 */
export const unsupported = (field: string, fixed?: unknown) =>
  refusing(field, (value) => asksForNothing(value) || value === fixed)

/** Like `unsupported`, but even null asks for something. */
export const unsupportedUnlessAbsent = (field: string) =>
  refusing(field, (value) => value === undefined)

/** Like `unsupported`, but only null asks for nothing. */
export const unsupportedUnlessNull = (field: string) => refusing(field, (value) => value == null)

/** Several unsupported fields, as part of a form. */
export const allUnsupported = <const F extends string>(
  ...fields: readonly F[]
): Record<F, ReturnType<typeof unsupported>> =>
  Object.fromEntries(fields.map((field) => [field, unsupported(field)])) as Record<
    F,
    ReturnType<typeof unsupported>
  >
