import { isMap, isSet, isUint8Array } from 'node:util/types'
import { CodedError, messageOf } from './errors.ts'

/*
 * Carries the data of our ports from process to process as JSON text: JSON's own values, undefined,
 * bigint, Map, Set, bytes (a Buffer comes back as a Uint8Array), and coded errors without cause and
 * stack. Undefined fields are left out. An object that occurs twice comes back as two.
 *
 * A value that JSON lacks becomes an object with one key: `{"$bigint":"5"}`. A plain object whose
 * only key starts with `$` is wrapped in `{"$object":…}`, so that the two cannot be confused.
 */

/** The contract's bodies nest at most 64 levels. */
const MAX_DEPTH = 100
/** At most 1,000 digits, since the time to read an integer grows faster than its length. */
const INTEGER = /^(?:0|-?[1-9][0-9]{0,999})$/
const utf8 = new TextDecoder('utf-8', { fatal: true })
/** Node.js 24 has it; TypeScript's library does not declare it yet. */
const { rawJSON } = JSON as unknown as { rawJSON(text: string): unknown }

type Fields = Record<string, unknown>

/** Throws `NOT_PLAIN_DATA` for any other value, a cycle, or more than 100 levels. */
export function encodeJson(value: unknown): string {
  try {
    return JSON.stringify(encode(value, 0))
  } catch (cause) {
    throw new CodedError('NOT_PLAIN_DATA', `cannot encode ${messageOf(cause)}`, { cause })
  }
}

/** Throws `MALFORMED_DATA` for input that `encodeJson` does not make. */
export function decodeJson(input: string | Uint8Array): unknown {
  try {
    return decode(JSON.parse(typeof input === 'string' ? input : utf8.decode(input)), 0)
  } catch (cause) {
    const next = 'check which process sent it, and which version it runs'
    throw new CodedError('MALFORMED_DATA', `cannot decode: ${messageOf(cause)}`, { next, cause })
  }
}

function encode(value: unknown, depth: number): unknown {
  if (isObject(value)) return encodeObject(value, depth)
  if (value == null) return value === null ? null : { $undefined: true }
  if (typeof value === 'bigint' && INTEGER.test(String(value))) return { $bigint: String(value) }
  if (Object.is(value, -0)) return rawJSON('-0')
  if (isString(value) || typeof value === 'boolean' || Number.isFinite(value)) return value
  throw new TypeError(typeof value === 'number' ? String(value) : `this ${typeof value}`)
}

function encodeObject(value: object, depth: number): unknown {
  // JSON would turn the holes of an array into null.
  if (Array.isArray(value))
    return convertAll(value.includes(undefined) ? [...value] : value, depth, encode)
  const prototype: unknown = Object.getPrototypeOf(value)
  if (prototype === Object.prototype || prototype === null) {
    const fields = convertAll(value as Fields, depth, encode)
    return tagOf(fields) === undefined ? fields : { $object: fields }
  }
  if (isMap(value)) return { $map: convertAll([...value], depth, encode) }
  if (isSet(value)) return { $set: convertAll([...value], depth, encode) }
  if (isUint8Array(value)) return { $bytes: Buffer.from(value).toString('base64') }
  if (!(value instanceof CodedError)) throw new TypeError('an instance of a class')
  const { code, message, next, retryAfterMs } = value
  return { $error: convertAll({ code, message, next, retryAfterMs }, depth, encode) }
}

function decode(value: unknown, depth: number): unknown {
  if (value === Infinity || value === -Infinity) throw new RangeError('a number is too large')
  if (!isObject(value)) return value
  const tag = tagOf(value)
  return tag === undefined ? convertAll(value, depth, decode) : decodeTag(tag, value[tag], depth)
}

function decodeTag(tag: string, encoded: unknown, depth: number): unknown {
  const content = isObject(encoded) ? convertAll(encoded, depth, decode) : encoded
  if (tag === '$undefined' && content === true) return undefined
  if (tag === '$bigint' && isString(content) && INTEGER.test(content)) return BigInt(content)
  if (tag === '$bytes' && isString(content)) {
    const bytes = Buffer.from(content, 'base64')
    if (bytes.toString('base64') === content) return new Uint8Array(bytes)
  }
  if (tag === '$set' && Array.isArray(content)) return new Set(content)
  if (tag === '$map' && Array.isArray(content) && content.every(isPair)) return new Map(content)
  if (tag === '$object' && isObject(encoded) && tagOf(encoded) !== undefined) return content
  if (tag === '$error' && isObject(content)) {
    const { code, message, next, retryAfterMs } = content
    const details = {
      ...(isString(next) ? { next } : {}),
      ...(typeof retryAfterMs === 'number' ? { retryAfterMs } : {}),
    }
    if (isString(code) && isString(message)) return new CodedError(code, message, details)
  }
  throw new TypeError('an unknown or malformed tag')
}

const isString = (value: unknown): value is string => typeof value === 'string'
const isObject = (value: unknown): value is Fields => typeof value === 'object' && value !== null
const isPair = (value: unknown): boolean => Array.isArray(value) && value.length === 2

/** The only key of an object, if it starts with `$`. */
function tagOf(fields: Fields): string | undefined {
  const keys = Object.keys(fields).filter((key) => fields[key] !== undefined)
  return keys.length === 1 && keys[0]?.startsWith('$') ? keys[0] : undefined
}

/** Converts all fields or items. Returns the same object if none changes, as in most data. */
function convertAll<T extends object>(object: T, depth: number, convert: typeof encode): T {
  if (depth === MAX_DEPTH) throw new RangeError('a cycle, or more than 100 levels')
  let target = object as Fields
  for (const [key, value] of Object.entries(object)) {
    if (value === undefined && !Array.isArray(object)) continue // JSON leaves such a field out
    const converted = convert(value, depth + 1)
    if (converted === value) continue
    // The copy owns the key, so that an assignment to `__proto__` sets a field and no prototype.
    if (target === object) target = (Array.isArray(object) ? [...object] : { ...object }) as Fields
    target[key] = converted
  }
  return target as T
}
