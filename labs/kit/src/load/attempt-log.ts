import type { PlannedAttempt } from './schedule.ts'

/** One send or read. Times are milliseconds since the start of the load, or NaN. */
export interface Attempt {
  readonly planned: PlannedAttempt
  sentMs: number
  answeredMs: number
  /** `ok`, an HTTP status other than 2xx, or why there was no answer. Undefined if never sent. */
  outcome: string | undefined
}

/** A socket, and the guild whose messages it should receive. */
export interface LoggedSession {
  readonly guild: number
  /** Times of disconnections and reconnections, in milliseconds since the start of the load. */
  readonly dropsMs: number[]
  readonly returnsMs: number[]
}

/**
 * Deliveries in the order of arrival. Three parallel arrays hold millions of them in far less
 * memory than objects would.
 */
export interface Deliveries {
  readonly attempt: number[]
  readonly session: number[]
  readonly atMs: number[]
}

/** The raw events of one trial. All counts are computed from them. */
export interface AttemptLog {
  readonly attempts: Attempt[]
  readonly sessions: LoggedSession[]
  readonly deliveries: Deliveries
}

export function createAttemptLog(
  plannedAttempts: readonly PlannedAttempt[],
  sessions: readonly { guild: number }[],
): AttemptLog {
  return {
    attempts: plannedAttempts.map((planned) => ({
      planned,
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

/** Answered 2xx. The stage must now deliver the message to every socket of its guild. */
export const isAcknowledged = (attempt: Attempt): boolean => attempt.outcome === 'ok'

/**
 * Yields the raw samples as JSON lines, one per attempt. Every figure of the report can be computed
 * from them.
 */
export function* sampleLines(log: AttemptLog): Generator<string> {
  const deliveries: [session: number, atMs: number][][] = log.attempts.map(() => [])
  const { attempt, session, atMs } = log.deliveries
  for (const [index, n] of attempt.entries())
    deliveries[n]?.push([session[index]!, micro(atMs[index]!)])
  for (const [index, { planned, sentMs, answeredMs, outcome }] of log.attempts.entries()) {
    yield JSON.stringify({
      n: index,
      kind: planned.kind,
      guild: planned.guild,
      channel: planned.channel,
      dueMs: micro(planned.dueMs),
      sentMs: micro(sentMs),
      answeredMs: micro(answeredMs),
      outcome: outcome ?? 'never sent',
      ...(planned.kind === 'send' ? { arrivals: deliveries[index] } : {}),
    })
  }
}

/** Rounds to microseconds. NaN becomes null in JSON. */
const micro = (ms: number): number => Math.round(ms * 1_000) / 1_000
