/** A JSON Schema (draft 2020-12), as plain data. */
export type Schema = Readonly<Record<string, unknown>>
export type Properties = Readonly<Record<string, Schema>>

/**
 * An object with exactly these fields. A field that is neither required nor optional is a fault:
 * either Discord documents it, and then it belongs here, or the server invented it.
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
/** A whole number from 0 on. */
export const uint: Schema = { type: 'integer', minimum: 0 }
export const nullValue: Schema = { type: 'null' }
/** A list of something that this server does not have. */
export const emptyArray: Schema = { type: 'array', maxItems: 0 }

/** A 64-bit id as a decimal string. */
export const id: Schema = { type: 'string', pattern: '^[0-9]{1,19}$' }
/** A set of permission bits as a decimal string. */
export const permissionBits: Schema = { type: 'string', pattern: '^[0-9]{1,20}$' }
/** Microseconds and an offset: twilight reads nothing shorter, and an old discord.py no `Z`. */
export const timestamp: Schema = {
  type: 'string',
  pattern: '^\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d\\.\\d{6}[+-]\\d\\d:\\d\\d$',
}
/** The address of a gateway. */
export const gatewayUrl: Schema = { type: 'string', pattern: '^wss?://' }
