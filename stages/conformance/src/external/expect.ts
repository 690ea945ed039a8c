import assert from 'node:assert/strict'

/**
 * A few assertions that say what was expected. Not the test runner's own: cases run without one,
 * too.
 */

export function expectEqual<T>(actual: T, expected: T, what: string): void {
  try {
    assert.deepEqual(actual, expected)
  } catch {
    throw new Error(`${what}\nexpected ${format(expected)}\n but got ${format(actual)}`)
  }
}

export function expectTrue(condition: unknown, what: string, got?: unknown): asserts condition {
  if (!condition) throw new Error(got === undefined ? what : `${what}\n but got ${format(got)}`)
}

/** Every field that is expected is there and equal; others may be there too. */
export function expectIncludes(
  actual: unknown,
  expected: Readonly<Record<string, unknown>>,
  what: string,
): void {
  expectTrue(typeof actual === 'object' && actual !== null, `${what}: an object`, actual)
  const shown = Object.fromEntries(
    Object.keys(expected).map((key) => [key, (actual as Record<string, unknown>)[key]]),
  )
  expectEqual(shown, { ...expected }, what)
}

export function expectFields(actual: unknown, fields: readonly string[], what: string): void {
  expectTrue(typeof actual === 'object' && actual !== null, `${what}: an object`, actual)
  const missing = fields.filter((field) => !(field in actual))
  expectTrue(missing.length === 0, `${what} lacks ${missing.join(', ')}`, Object.keys(actual))
}

export const isSnowflake = (value: unknown): value is string =>
  typeof value === 'string' && /^[0-9]{15,20}$/.test(value)

/**
 * As Discord writes times: twilight reads nothing shorter, and discord.py on an old Python no `Z`.
 */
export function expectTimestamp(value: unknown, what: string): void {
  expectTrue(
    /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}[+-]\d\d:\d\d$/.test(String(value)),
    `${what} is a time with microseconds and an offset`,
    value,
  )
}

export function expectSnowflake(value: unknown, what: string): void {
  expectTrue(isSnowflake(value), `${what} is a snowflake in a string`, value)
}

export const format = (value: unknown): string => {
  const text = JSON.stringify(value, readable) ?? String(value)
  return text.length > 1_500 ? `${text.slice(0, 1_500)}…` : text
}

const readable = (_key: string, value: unknown): unknown =>
  typeof value === 'bigint'
    ? `${value}n`
    : value instanceof Set || value instanceof Map
      ? [...value]
      : value
