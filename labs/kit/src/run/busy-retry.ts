import { setTimeout as delay } from 'node:timers/promises'
import { CodedError, hasCode, messageOf } from '@threshold/kit'
import pRetry from 'p-retry'

export interface BusyRetryOptions {
  /** How long one request is repeated. */
  readonly withinMs: number
  /** Called before each pause. */
  readonly onBusy?: () => void
}

/**
 * Repeats a request while the stage is too busy to answer it, restarts or resets the connection.
 * `task` completes the sentence "the stage did not …".
 *
 * `request` must be safe to repeat: an attempt whose answer was lost may have taken effect.
 * `repeated` is true from the second attempt on, so that the request can look for that effect.
 *
 * @throws CodedError `STAGE_BUSY` once the time is over, and any other error of `request` at once
 */
export type BusyRetry = <T>(task: string, request: (repeated: boolean) => Promise<T>) => Promise<T>

const MIN_PAUSE_MS = 250
const MAX_PAUSE_MS = 4_000

export const retryWhileBusy =
  ({ withinMs, onBusy = () => {} }: BusyRetryOptions): BusyRetry =>
  async (task, request) => {
    const until = performance.now() + withinMs
    try {
      return await pRetry((attempt) => request(attempt > 1), {
        retries: Number.POSITIVE_INFINITY,
        maxRetryTime: withinMs,
        minTimeout: MIN_PAUSE_MS,
        maxTimeout: MAX_PAUSE_MS,
        // Many requests are refused at once. They should not all come back at once.
        randomize: true,
        shouldRetry: ({ error }) => isTransient(error),
        onFailedAttempt: async ({ error, retryDelay }) => {
          if (!isTransient(error)) return
          onBusy()
          const wanted = (error.retryAfterMs ?? 0) - retryDelay
          await delay(Math.max(0, Math.min(wanted, until - performance.now())))
        },
      })
    } catch (error) {
      if (!isTransient(error)) throw error
      throw new CodedError(
        'STAGE_BUSY',
        `the stage did not ${task} within ${Math.round(withinMs / 1_000)} s, in which it was asked again and again. Its last answer to ${messageOf(error)}`,
        { cause: error },
      )
    }
  }

const isTransient = (error: unknown): error is CodedError =>
  hasCode(error, 'STAGE_OVERLOADED', 'STAGE_UNREACHABLE')
