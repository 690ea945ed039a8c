import { type AttemptLog, isAcknowledged } from './attempt-log.ts'
import { type GuildTally, LATE_MS } from './report.ts'

export interface GuildShape {
  readonly group: string
}

export interface DeliveryTally {
  readonly guilds: GuildTally[]
  readonly stray: number
}

/**
 * Counts what was owed and what came. Pure: the same ledger gives the same counts, and the laws in
 * the tests hold for any ledger whatever. `warmupMs`: attempts due before it are owed to nobody.
 */
export function tally(
  ledger: AttemptLog,
  guilds: readonly GuildShape[],
  warmupMs: number,
): DeliveryTally {
  const counts = ledger.attempts.map(({ arrival }) => arrival.dueMs >= warmupMs)
  const sessionsOf = (guild: number): number =>
    ledger.sessions.reduce((sum, session) => sum + (session.guild === guild ? 1 : 0), 0)
  const tallies: GuildTally[] = guilds.map(({ group }, guild) => ({
    group,
    sockets: sessionsOf(guild),
    ...NOTHING,
  }))

  for (const [index, attempt] of ledger.attempts.entries()) {
    const { arrival } = attempt
    const of = tallies[arrival.guild]!
    if (arrival.kind !== 'send' || !counts[index]) continue
    of.due++
    if (attempt.outcome === undefined) of.unsent++
    else if (!isAcknowledged(attempt)) of.errors++
    else {
      of.acknowledged++
      of.expected += of.sockets
    }
  }

  let stray = 0
  const seen = new Set<number>()
  const { attempt: attempts, session: sessions, atMs } = ledger.deliveries
  for (const [index, n] of attempts.entries()) {
    const attempt = ledger.attempts[n]!
    const session = ledger.sessions[sessions[index]!]!
    if (!counts[n]) continue
    if (session.guild !== attempt.arrival.guild) {
      stray++
      continue
    }
    const of = tallies[session.guild]!
    const key = n * ledger.sessions.length + sessions[index]!
    if (seen.has(key)) {
      of.duplicated++
      continue
    }
    seen.add(key)
    // A message whose sender was told nothing is owed to nobody: it may come, and may not.
    if (!isAcknowledged(attempt)) continue
    of.delivered++
    if (atMs[index]! - attempt.answeredMs > LATE_MS) of.late++
  }
  for (const of of tallies) of.lost = of.expected - of.delivered
  for (const [guild, disordered] of disorder(ledger, counts))
    tallies[guild]!.outOfOrder += disordered
  return { guilds: tallies, stray }
}

const NOTHING = {
  due: 0,
  acknowledged: 0,
  errors: 0,
  unsent: 0,
  expected: 0,
  delivered: 0,
  lost: 0,
  duplicated: 0,
  outOfOrder: 0,
  late: 0,
}

/**
 * Sessions of a channel must agree on one order; which one is the stage's own affair. The order
 * taken as the channel's is that of the session that saw the most of it, and every other is held
 * against it.
 */
function disorder(ledger: AttemptLog, counts: readonly boolean[]): Map<number, number> {
  const logs = new Map<string, Map<number, number[]>>()
  const { attempt: attempts, session: sessions } = ledger.deliveries
  for (const [index, n] of attempts.entries()) {
    const { guild, channel } = ledger.attempts[n]!.arrival
    const session = sessions[index]!
    if (!counts[n] || ledger.sessions[session]!.guild !== guild) continue
    const key = `${guild}/${channel}`
    const channelLogs = logs.get(key) ?? new Map<number, number[]>()
    logs.set(key, channelLogs)
    const log = channelLogs.get(session) ?? []
    channelLogs.set(session, log)
    log.push(n)
  }
  const disordered = new Map<number, number>()
  for (const [key, channelLogs] of logs) {
    const guild = Number(key.split('/')[0])
    const unique = [...channelLogs.values()].map((log) => [...new Set(log)])
    const reference = unique.reduce(
      (longest, log) => (log.length > longest.length ? log : longest),
      [],
    )
    const place = new Map(reference.map((n, position) => [n, position]))
    const wrong = unique.reduce(
      (sum, log) => sum + descents(log.map((n) => place.get(n)).filter((p) => p !== undefined)),
      0,
    )
    disordered.set(guild, (disordered.get(guild) ?? 0) + wrong)
  }
  return disordered
}

/** How many come after one that belongs behind them. */
function descents(places: readonly number[]): number {
  let highest = -1
  let wrong = 0
  for (const place of places) {
    if (place < highest) wrong++
    else highest = place
  }
  return wrong
}
