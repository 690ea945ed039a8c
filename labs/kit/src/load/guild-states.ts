import { type AttemptLog, isAcknowledged } from './attempt-log.ts'
import { LATE_MS } from './report.ts'

/** From best to worst. A second shows the worst state of its sends. */
const STATES = ['.', 'o', 'l', 'x'] as const

interface Counted {
  readonly warmupMs: number
  readonly seconds: number
  /** Sockets of a guild, by its index. */
  readonly socketsOf: (guild: number) => number
}

/** The state of every guild in every second of the load: see `states` of the guild's tally. */
export function guildStates(
  log: AttemptLog,
  guilds: number,
  { warmupMs, seconds, socketsOf }: Counted,
): string[] {
  const { delivered, late } = deliveriesByAttempt(log)
  const states = Array.from({ length: guilds }, () => new Uint8Array(Math.ceil(seconds)))
  for (const [n, attempt] of log.attempts.entries()) {
    const { kind, dueMs, guild } = attempt.planned
    if (kind !== 'send' || dueMs < warmupMs) continue
    const failed = !isAcknowledged(attempt) || delivered[n]! < socketsOf(guild)
    const state = failed ? 'x' : late[n] === 1 ? 'l' : 'o'
    const second = Math.floor((dueMs - warmupMs) / 1_000)
    const row = states[guild]!
    row[second] = Math.max(row[second]!, STATES.indexOf(state))
  }
  return states.map((row) => Array.from(row, (state) => STATES[state]!).join(''))
}

/** For each attempt: the sockets of its guild that received it, and 1 if one of them was late. */
function deliveriesByAttempt({ attempts, sessions, deliveries }: AttemptLog) {
  const delivered = new Uint32Array(attempts.length)
  const late = new Uint8Array(attempts.length)
  const seen = new Set<number>()
  for (const [index, n] of deliveries.attempt.entries()) {
    const session = deliveries.session[index]!
    const attempt = attempts[n]!
    const key = n * sessions.length + session
    if (sessions[session]!.guild !== attempt.planned.guild || seen.has(key)) continue
    seen.add(key)
    delivered[n]!++
    if (deliveries.atMs[index]! - attempt.answeredMs > LATE_MS) late[n] = 1
  }
  return { delivered, late }
}
