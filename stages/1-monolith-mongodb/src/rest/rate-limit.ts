import { refuse } from '@threshold/contract'
import type { Request, Response } from 'express'
import { RateLimiterMemory, RateLimiterRes } from 'rate-limiter-flexible'

export interface LimitConfig {
  /** Requests of one user to one route and one channel or guild, within `seconds`. */
  readonly requests: number
  readonly seconds: number
}

/**
 * Counts requests in a fixed window for each user, route and channel or guild, and reports the
 * state in Discord's headers. Throws 429 over the limit. The counts are in this process; production
 * would keep them where all API processes see them, such as in Redis.
 */
export function rateLimit(
  config: LimitConfig,
): (sender: string, action: string, request: Request, response: Response) => Promise<void> {
  const limiter = new RateLimiterMemory({ points: config.requests, duration: config.seconds })
  return async (sender, action, request, response) => {
    const { channel, guild } = request.params
    let state: RateLimiterRes
    try {
      state = await limiter.consume(`${sender}:${action}:${channel ?? guild ?? ''}`)
    } catch (error) {
      if (!(error instanceof RateLimiterRes)) throw error
      setHeaders(response, action, config, error)
      response.setHeader('X-RateLimit-Scope', 'user')
      throw refuse.rateLimited(Math.max(0.001, error.msBeforeNext / 1_000))
    }
    setHeaders(response, action, config, state)
  }
}

function setHeaders(
  response: Response,
  bucket: string,
  config: LimitConfig,
  state: RateLimiterRes,
): void {
  response.setHeader('X-RateLimit-Limit', config.requests)
  response.setHeader('X-RateLimit-Remaining', Math.max(0, state.remainingPoints))
  response.setHeader('X-RateLimit-Reset', ((Date.now() + state.msBeforeNext) / 1_000).toFixed(3))
  response.setHeader('X-RateLimit-Reset-After', (state.msBeforeNext / 1_000).toFixed(3))
  response.setHeader('X-RateLimit-Bucket', bucket)
}
