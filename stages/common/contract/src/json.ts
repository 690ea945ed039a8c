/** Why a text was refused. */
export type JsonRefusal = 'not-utf8' | 'malformed' | 'too-deep'
export type JsonResult =
  | { readonly ok: true; readonly value: unknown }
  | { readonly ok: false; readonly reason: JsonRefusal }

/**
 * No body or frame of the contract nests deeper. Revivers and validators recurse, so a deeper text
 * could overflow the stack.
 */
const MAX_DEPTH = 64

/**
 * Parses JSON without losing digits: an integer beyond 2^53 becomes a bigint. discord.py sends ids
 * as bare numbers, which `JSON.parse` alone would round to the id of something else.
 */
export function parseJson(input: string | Uint8Array): JsonResult {
  let text: string
  try {
    text =
      typeof input === 'string' ? input : new TextDecoder('utf-8', { fatal: true }).decode(input)
  } catch {
    return { ok: false, reason: 'not-utf8' }
  }
  if (depthExceeds(text, MAX_DEPTH)) return { ok: false, reason: 'too-deep' }
  try {
    // A reviver is several times slower, and an integer beyond 2^53 has at least sixteen digits.
    return {
      ok: true,
      value: /[0-9]{16}/.test(text)
        ? JSON.parse(text, keepInteger as (key: string, value: unknown) => unknown)
        : JSON.parse(text),
    }
  } catch {
    return { ok: false, reason: 'malformed' }
  }
}

function keepInteger(_key: string, value: unknown, context: { source?: string }): unknown {
  if (typeof value !== 'number' || Number.isSafeInteger(value)) return value
  return context.source !== undefined && /^-?[0-9]+$/.test(context.source)
    ? BigInt(context.source)
    : value
}

/** Node.js 24 has it; TypeScript's library does not declare it yet. */
const { rawJSON } = JSON as unknown as { rawJSON(text: string): unknown }

/** Writes JSON, and bigints as integers. */
export function writeJson(value: unknown): string {
  try {
    return JSON.stringify(value)
  } catch (error) {
    if (!(error instanceof TypeError)) throw error
    // The first try fails only for bigints. They are rare, and a replacer slows every answer down.
    return JSON.stringify(value, (_key, each: unknown) =>
      typeof each === 'bigint' ? rawJSON(String(each)) : each,
    )
  }
}

/** Counts brackets outside strings, without recursion. */
function depthExceeds(text: string, limit: number): boolean {
  let depth = 0
  let inString = false
  for (let i = 0; i < text.length; i++) {
    const c = text.charCodeAt(i)
    if (inString) {
      if (c === 0x5c) i++
      else if (c === 0x22) inString = false
    } else if (c === 0x22) inString = true
    else if (c === 0x7b || c === 0x5b) {
      if (++depth > limit) return true
    } else if (c === 0x7d || c === 0x5d) depth--
  }
  return false
}
