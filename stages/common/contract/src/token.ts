import { createHmac, timingSafeEqual } from 'node:crypto'
import { isSnowflake, type UserId } from './snowflake.ts'

/**
 * A token is `base64(user id).base36(issued seconds).HMAC-SHA-256`, the shape Discord's bots have:
 * libraries read the user id from the first part. It is verified without a read, so a reconnect
 * storm cannot become a storm of token look-ups. The price: a single token can't be revoked without
 * a list, only all of them by a new secret. Production would keep such a list.
 */
export interface Tokens {
  issue(user: UserId, atMs: number): string
  /** The user, or undefined. Accepts `Bot ` in front, since clients send it in IDENTIFY too. */
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
      const bare = token.startsWith('Bot ') ? token.slice(4) : token
      if (bare.length > 256) return undefined
      const dot = bare.lastIndexOf('.')
      if (dot < 0) return undefined
      const given = Buffer.from(bare.slice(dot + 1))
      const right = Buffer.from(sign(bare.slice(0, dot)))
      if (given.length !== right.length || !timingSafeEqual(given, right)) return undefined
      const user = Buffer.from(bare.slice(0, bare.indexOf('.')), 'base64url').toString()
      return isSnowflake(user) ? user : undefined
    },
  }
}
