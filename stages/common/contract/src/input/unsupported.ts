import { z } from 'zod'

/** Nothing is asked for: null, false, 0, an empty text, list or object. */
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
 * A field that Discord documents and this server does not support. An answer of 200 would say that
 * it was done, so it is refused by name. Libraries send their whole structure: a value that asks
 * for nothing is accepted, and so is `standing`, the value that everything here has anyway.
 */
export const unsupported = (field: string, standing?: unknown) =>
  refusing(field, (value) => asksForNothing(value) || value === standing)

/** The same, where even null asks for something. */
export const unsupportedUnlessAbsent = (field: string) =>
  refusing(field, (value) => value === undefined)

/** The same, where null alone asks for nothing. */
export const unsupportedUnlessNull = (field: string) => refusing(field, (value) => value == null)

/** Several of them, as a part of a form's shape. */
export const allUnsupported = <const F extends string>(
  ...fields: readonly F[]
): Record<F, ReturnType<typeof unsupported>> =>
  Object.fromEntries(fields.map((field) => [field, unsupported(field)])) as Record<
    F,
    ReturnType<typeof unsupported>
  >
