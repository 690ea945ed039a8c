import assert from 'node:assert/strict'

/**
 * Assertions for cases. They do not depend on a test runner, since the command line runs the cases
 * without one.
 */

/** Expects deep, strict equality. */
export function expectEqual<T>(actual: T, expected: T, subject: string): void {
  try {
    assert.deepEqual(actual, expected)
  } catch {
    throw new Error(`${subject}\nexpected ${format(expected)}\n but got ${format(actual)}`)
  }
}

export function expectTrue(condition: unknown, claim: string, actual?: unknown): asserts condition {
  if (condition) return
  throw new Error(actual === undefined ? claim : `${claim}\n but got ${format(actual)}`)
}

/** Expects each of these fields with an equal value. Other fields may exist. */
export function expectIncludes(
  actual: unknown,
  expected: Readonly<Record<string, unknown>>,
  subject: string,
): void {
  expectTrue(typeof actual === 'object' && actual !== null, `${subject}: an object`, actual)
  const selected = Object.fromEntries(
    Object.keys(expected).map((key) => [key, (actual as Record<string, unknown>)[key]]),
  )
  expectEqual(selected, { ...expected }, subject)
}

/** Expects that each of these fields exists. */
export function expectFields(actual: unknown, fields: readonly string[], subject: string): void {
  expectTrue(typeof actual === 'object' && actual !== null, `${subject}: an object`, actual)
  const missing = fields.filter((field) => !(field in actual))
  expectTrue(missing.length === 0, `${subject} lacks ${missing.join(', ')}`, Object.keys(actual))
}

export const isSnowflake = (value: unknown): value is string =>
  typeof value === 'string' && /^[0-9]{15,20}$/.test(value)

/**
 * Expects a time with microseconds and an offset, as Discord writes it. twilight rejects fewer
 * digits, and discord.py on a Python before 3.11 rejects `Z`.
 */
export function expectTimestamp(value: unknown, subject: string): void {
  expectTrue(
    /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}[+-]\d\d:\d\d$/.test(String(value)),
    `${subject} is a time with microseconds and an offset`,
    value,
  )
}

export function expectSnowflake(value: unknown, subject: string): void {
  expectTrue(isSnowflake(value), `${subject} is a snowflake in a string`, value)
}

/** Formats a value for an error message, shortened to 1,500 characters. */
export const format = (value: unknown): string => {
  const text = JSON.stringify(value, replacer) ?? String(value)
  return text.length > 1_500 ? `${text.slice(0, 1_500)}…` : text
}

const replacer = (_key: string, value: unknown): unknown =>
  typeof value === 'bigint'
    ? `${value}n`
    : value instanceof Set || value instanceof Map
      ? [...value]
      : value
