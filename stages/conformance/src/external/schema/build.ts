/** A JSON Schema (draft 2020-12) as plain data. */
export type Schema = Readonly<Record<string, unknown>>
export type Properties = Readonly<Record<string, Schema>>

/**
 * An object with exactly these fields. Any other field is an error: if Discord documents it, add it
 * to the schema; if not, the stage invented it.
 */
export const object = (required: Properties, optional: Properties = {}): Schema => ({
  type: 'object',
  required: Object.keys(required),
  properties: { ...required, ...optional },
  additionalProperties: false,
})

export const array = (items: Schema, limits: Schema = {}): Schema => ({
  type: 'array',
  items,
  ...limits,
})
export const oneOf = (...values: readonly unknown[]): Schema => ({ enum: values })
export const orNull = (schema: Schema): Schema => ({ anyOf: [{ type: 'null' }, schema] })

export const string: Schema = { type: 'string' }
export const nonEmptyString: Schema = { type: 'string', minLength: 1 }
export const boolean: Schema = { type: 'boolean' }
/** A non-negative integer. */
export const uint: Schema = { type: 'integer', minimum: 0 }
export const nullValue: Schema = { type: 'null' }
export const emptyArray: Schema = { type: 'array', maxItems: 0 }

/** A 64-bit id as a decimal string. */
export const id: Schema = { type: 'string', pattern: '^[0-9]{1,19}$' }
/** Permission bits as a decimal string. */
export const permissionBits: Schema = { type: 'string', pattern: '^[0-9]{1,20}$' }
/**
 * A time with microseconds and an offset. twilight rejects fewer digits, and discord.py on a Python
 * before 3.11 rejects `Z`.
 */
export const timestamp: Schema = {
  type: 'string',
  pattern: '^\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d\\.\\d{6}[+-]\\d\\d:\\d\\d$',
}
/** The address of a gateway. */
export const gatewayUrl: Schema = { type: 'string', pattern: '^wss?://' }
