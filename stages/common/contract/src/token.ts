import { createHmac, timingSafeEqual } from 'node:crypto'
import { isSnowflake, type UserId } from './snowflake.ts'

/**
 * Issues and verifies tokens: `base64(user id).base36(issued seconds).HMAC-SHA-256`, the format of
 * Discord's bot tokens. Libraries read the user id from the first part. Verification needs no read,
 * so a reconnect storm causes no storm of lookups. The price is that a single token cannot be
 * revoked; a new secret revokes all of them. Production would keep a list of revoked tokens.
 */
export interface Tokens {
  issue(user: UserId, atMs: number): string
  /** The user, or undefined for an invalid token. Accepts a `Bot ` prefix, which clients send. */
  verify(token: string): UserId | undefined
}

export function tokens(secret: string): Tokens {
  const sign = (text: string): string =>
    createHmac('sha256', secret).update(text).digest('base64url')
  return {
    issue(user, atMs) {
      const head = `${Buffer.from(user).toString('base64url')}.${Math.floor(atMs / 1_000).toString(36)}`
      return `${head}.${sign(head)}`
    },
    verify(token) {
      const unprefixed = token.startsWith('Bot ') ? token.slice(4) : token
      if (unprefixed.length > 256) return undefined
      const dot = unprefixed.lastIndexOf('.')
      if (dot < 0) return undefined
      const given = Buffer.from(unprefixed.slice(dot + 1))
      const expected = Buffer.from(sign(unprefixed.slice(0, dot)))
      if (given.length !== expected.length || !timingSafeEqual(given, expected)) return undefined
      const user = Buffer.from(unprefixed.slice(0, unprefixed.indexOf('.')), 'base64url').toString()
      return isSnowflake(user) ? user : undefined
    },
  }
}
