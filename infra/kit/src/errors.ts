export interface ErrorDetails {
  /** A command or a setting that helps the person who reads the message. */
  readonly next?: string
  /** Milliseconds after which the caller may try again. */
  readonly retryAfterMs?: number
  readonly cause?: unknown
}

/**
 * A failure that a caller can act on, by its code. Codes are plain strings, so that they mean the
 * same on both sides of a worker boundary or a network.
 */
export class CodedError extends Error {
  readonly code: string
  readonly next: string | undefined
  readonly retryAfterMs: number | undefined

  constructor(code: string, message: string, details: ErrorDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause })
    this.name = 'CodedError'
    this.code = code
    this.next = details.next
    this.retryAfterMs = details.retryAfterMs
  }
}

/** The store, the hub or another dependency cannot be reached. The caller may try again later. */
export const unavailable = (what: string, cause?: unknown, retryAfterMs = 1_000): CodedError =>
  new CodedError('UNAVAILABLE', `${what} is not available`, { retryAfterMs, cause })

/**
 * The answer did not come in time. The effect may or may not have happened, so the caller may only
 * repeat an idempotent call.
 */
export const deadlineExceeded = (what: string, cause?: unknown): CodedError =>
  new CodedError('DEADLINE_EXCEEDED', `${what} did not answer in time`, {
    retryAfterMs: 1_000,
    cause,
  })

/** Whether this is a coded error with one of the codes, or with any code where none is given. */
export const hasCode = (error: unknown, ...codes: string[]): error is CodedError =>
  error instanceof CodedError && (codes.length === 0 || codes.includes(error.code))

/** The message of anything that can be thrown. Some errors have a message of several lines. */
export const messageOf = (error: unknown): string =>
  error instanceof Error ? error.message : String(error)
