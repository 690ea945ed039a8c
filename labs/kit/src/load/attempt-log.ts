import type { Arrival } from './schedule.ts'

/**
 * One send or read as it went. Times are milliseconds since the start of the load; NaN means it
 * never came.
 */
export interface Attempt {
  readonly arrival: Arrival
  sentMs: number
  answeredMs: number
  /** `ok`, an HTTP status that was not 2xx, or why there was none. Undefined: never sent. */
  outcome: string | undefined
}

/** A socket as the ledger sees it: whose guild's messages should come down it. */
export interface LoggedSession {
  readonly guild: number
  /** When it was dropped, and when it came back, in milliseconds since the start of the load. */
  readonly dropsMs: number[]
  readonly returnsMs: number[]
}

/**
 * What arrived, in the order of arrival: which message, at which socket, when. Columns, since there
 * are millions.
 */
export interface Deliveries {
  readonly attempt: number[]
  readonly session: number[]
  readonly atMs: number[]
}

/** Everything that a run's counts are computed from, and nothing computed yet. */
export interface AttemptLog {
  readonly attempts: Attempt[]
  readonly sessions: LoggedSession[]
  readonly deliveries: Deliveries
}

export function createAttemptLog(
  arrivals: readonly Arrival[],
  sessions: readonly { guild: number }[],
): AttemptLog {
  return {
    attempts: arrivals.map((arrival) => ({
      arrival,
      sentMs: Number.NaN,
      answeredMs: Number.NaN,
      outcome: undefined,
    })),
    sessions: sessions.map(({ guild }) => ({ guild, dropsMs: [], returnsMs: [] })),
    deliveries: { attempt: [], session: [], atMs: [] },
  }
}

export function recordDelivery(
  { deliveries }: AttemptLog,
  attempt: number,
  session: number,
  atMs: number,
): void {
  deliveries.attempt.push(attempt)
  deliveries.session.push(session)
  deliveries.atMs.push(atMs)
}

/** Sent and answered 2xx: from here on the stage owes it to every socket of the guild. */
export const isAcknowledged = (attempt: Attempt): boolean => attempt.outcome === 'ok'

/**
 * The raw samples, one line an attempt: from these alone every figure of a report can be computed
 * again.
 */
export function* sampleLines(ledger: AttemptLog): Generator<string> {
  const arrived: [session: number, atMs: number][][] = ledger.attempts.map(() => [])
  const { attempt, session, atMs } = ledger.deliveries
  for (const [index, of] of attempt.entries())
    arrived[of]?.push([session[index]!, micro(atMs[index]!)])
  for (const [index, { arrival, sentMs, answeredMs, outcome }] of ledger.attempts.entries()) {
    yield JSON.stringify({
      n: index,
      kind: arrival.kind,
      guild: arrival.guild,
      channel: arrival.channel,
      dueMs: micro(arrival.dueMs),
      sentMs: micro(sentMs),
      answeredMs: micro(answeredMs),
      outcome: outcome ?? 'never sent',
      ...(arrival.kind === 'send' ? { arrivals: arrived[index] } : {}),
    })
  }
}

/** To the microsecond; NaN becomes null in JSON. */
const micro = (ms: number): number => Math.round(ms * 1_000) / 1_000
