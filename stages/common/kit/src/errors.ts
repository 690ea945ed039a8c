/**
 * Every failure a caller may act on carries a code. Codes are plain strings, so an error survives
 * `structuredClone`, a worker boundary and a network: what arrives is rebuilt with `fromPlain` and
 * handled by the same `switch`.
 */
export interface PlainError {
  readonly v: 1
  readonly code: string
  readonly message: string
  readonly next?: string
  readonly retryAfterMs?: number
}

export interface ErrorDetails {
  /** The next step for whoever reads the message: a command, a setting. */
  readonly next?: string
  /** Milliseconds after which trying again makes sense. */
  readonly retryAfterMs?: number
  readonly cause?: unknown
}

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

  toPlain(): PlainError {
    return {
      v: 1,
      code: this.code,
      message: this.message,
      ...(this.next === undefined ? {} : { next: this.next }),
      ...(this.retryAfterMs === undefined ? {} : { retryAfterMs: this.retryAfterMs }),
    }
  }

  static fromPlain(plain: PlainError): CodedError {
    return new CodedError(plain.code, plain.message, {
      ...(plain.next === undefined ? {} : { next: plain.next }),
      ...(plain.retryAfterMs === undefined ? {} : { retryAfterMs: plain.retryAfterMs }),
    })
  }
}

/**
 * The store, the hub or another dependency is away. Nothing is known to be lost; trying again later
 * is right.
 */
export const unavailable = (what: string, cause?: unknown, retryAfterMs = 1_000): CodedError =>
  new CodedError('UNAVAILABLE', `${what} is not available`, { retryAfterMs, cause })

/**
 * The answer did not come in time. The effect may or may not have happened: only an idempotent call
 * may be repeated.
 */
export const deadlineExceeded = (what: string, cause?: unknown): CodedError =>
  new CodedError('DEADLINE_EXCEEDED', `${what} did not answer in time`, {
    retryAfterMs: 1_000,
    cause,
  })

export const hasCode = (error: unknown, ...codes: string[]): error is CodedError =>
  error instanceof CodedError && (codes.length === 0 || codes.includes(error.code))

/** One line for a log or a terminal, whatever was thrown. */
export const messageOf = (error: unknown): string =>
  error instanceof Error ? error.message : String(error)
