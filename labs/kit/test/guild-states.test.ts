import { describe, expect, it } from 'vitest'
import { type AttemptLog, createAttemptLog, recordDelivery } from '../src/load/attempt-log.ts'
import { guildStates } from '../src/load/guild-states.ts'
import { LATE_MS } from '../src/load/report.ts'

const WARMUP_MS = 500

/** Two guilds with two sockets each; guild 0 has one send due in each second after the warm-up. */
function logOf(seconds: number): AttemptLog {
  const planned = Array.from({ length: seconds }, (_, second) => ({
    kind: 'send' as const,
    dueMs: WARMUP_MS + second * 1_000 + 100,
    guild: 0,
    channel: 0,
    author: 0,
    length: 5,
    ago: 0,
  }))
  const log = createAttemptLog(planned, [{ guild: 0 }, { guild: 0 }, { guild: 1 }, { guild: 1 }])
  for (const attempt of log.attempts) {
    attempt.answeredMs = attempt.planned.dueMs + 3
    attempt.outcome = 'ok'
  }
  return log
}

const statesOf = (log: AttemptLog, seconds: number): string[] =>
  guildStates(log, 2, { warmupMs: WARMUP_MS, seconds, socketsOf: () => 2 })

describe('the states of a guild', () => {
  it('are one character per second: delivered, late, lost, failed', () => {
    const log = logOf(4)
    const at = (n: number, afterMs: number) => log.attempts[n]!.answeredMs + afterMs
    recordDelivery(log, 0, 0, at(0, 5))
    recordDelivery(log, 0, 1, at(0, 5))
    recordDelivery(log, 1, 0, at(1, 5))
    recordDelivery(log, 1, 1, at(1, LATE_MS + 1))
    recordDelivery(log, 2, 0, at(2, 5))
    log.attempts[3]!.outcome = 'HTTP 503'
    expect(statesOf(log, 5)).toEqual(['olxx.', '.....'])
  })

  it('count a socket once, and no socket of another guild', () => {
    const log = logOf(1)
    recordDelivery(log, 0, 0, 1_000)
    recordDelivery(log, 0, 0, 1_000)
    recordDelivery(log, 0, 2, 1_000)
    expect(statesOf(log, 1)).toEqual(['x', '.'])
  })

  it('leave out the warm-up', () => {
    const log = logOf(1)
    const states = guildStates(log, 2, { warmupMs: 1_000, seconds: 1, socketsOf: () => 2 })
    expect(states).toEqual(['.', '.'])
  })
})
