import { CodedError } from '@threshold/kit'
import { z } from 'zod'

export const integer = (min: number, max: number, defaultValue: number) =>
  z.coerce.number().int().min(min).max(max).default(defaultValue)

/**
 * Validates environment variables. An empty variable counts as not set. Throws `BAD_CONFIG` with
 * the names of all invalid variables; `next` is the hint that it carries.
 */
export function parseEnvironment<T extends z.ZodType>(
  schema: T,
  env: Record<string, string | undefined>,
  next: string,
): z.output<T> {
  const set = Object.fromEntries(Object.entries(env).filter(([, value]) => value !== ''))
  const result = schema.safeParse(set)
  if (result.success) return result.data
  const problems = result.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`)
  throw new CodedError('BAD_CONFIG', problems.join('; '), { next })
}
