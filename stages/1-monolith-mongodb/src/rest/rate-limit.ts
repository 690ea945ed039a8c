import { refuse } from '@threshold/contract'
import type { Request, Response } from 'express'
import { RateLimiterMemory, RateLimiterRes } from 'rate-limiter-flexible'

export interface LimitConfig {
  /** Requests of one user to one route and one channel or guild, within `seconds`. */
  readonly requests: number
  readonly seconds: number
}

/**
 * A fixed window for each user, route and major parameter, told in Discord's headers. It lives in
 * this process: with several of them each counts for itself, and production would keep the counts
 * where all can see them.
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
    } catch (refused) {
      if (!(refused instanceof RateLimiterRes)) throw refused
      headers(response, action, config, refused)
      response.setHeader('X-RateLimit-Scope', 'user')
      throw refuse.rateLimited(Math.max(0.001, refused.msBeforeNext / 1_000))
    }
    headers(response, action, config, state)
  }
}

function headers(
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
