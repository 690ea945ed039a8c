import { type AttemptLog, isAcknowledged } from './attempt-log.ts'
import { guildStates } from './guild-states.ts'
import { type GuildTally, LATE_MS } from './report.ts'

export interface DeliveryTally {
  readonly guilds: GuildTally[]
  /** Deliveries at sockets of another guild. */
  readonly misrouted: number
}

const ZERO = {
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
 * Compares expected deliveries with actual ones. Pure; the properties in its tests hold for every
 * log.
 *
 * @param warmupMs attempts that were due before this time do not count
 * @param seconds length of the load after the warm-up
 */
export function tally(
  log: AttemptLog,
  guilds: readonly { readonly group: string }[],
  warmupMs: number,
  seconds: number,
): DeliveryTally {
  const counts = log.attempts.map(({ planned }) => planned.dueMs >= warmupMs)
  const socketsOf = (guild: number): number =>
    log.sessions.reduce((sum, session) => sum + (session.guild === guild ? 1 : 0), 0)
  const tallies: GuildTally[] = guilds.map(({ group }, guild) => ({
    group,
    sockets: socketsOf(guild),
    ...ZERO,
    states: '',
  }))
  const states = guildStates(log, guilds.length, { warmupMs, seconds, socketsOf })

  for (const [n, attempt] of log.attempts.entries()) {
    if (attempt.planned.kind !== 'send' || !counts[n]) continue
    const guild = tallies[attempt.planned.guild]!
    guild.due++
    if (attempt.outcome === undefined) guild.unsent++
    else if (!isAcknowledged(attempt)) guild.errors++
    else {
      guild.acknowledged++
      guild.expected += guild.sockets
    }
  }

  let misrouted = 0
  const delivered = new Set<number>()
  const { attempt: attempts, session: sessions, atMs } = log.deliveries
  for (const [index, n] of attempts.entries()) {
    const attempt = log.attempts[n]!
    const session = log.sessions[sessions[index]!]!
    if (!counts[n]) continue
    if (session.guild !== attempt.planned.guild) {
      misrouted++
      continue
    }
    const guild = tallies[session.guild]!
    const key = n * log.sessions.length + sessions[index]!
    if (delivered.has(key)) {
      guild.duplicated++
      continue
    }
    delivered.add(key)
    // The stage may or may not deliver a message that it did not acknowledge.
    if (!isAcknowledged(attempt)) continue
    guild.delivered++
    if (atMs[index]! - attempt.answeredMs > LATE_MS) guild.late++
  }
  for (const guild of tallies) guild.lost = guild.expected - guild.delivered
  for (const [guild, outOfOrder] of countOutOfOrder(log, counts))
    tallies[guild]!.outOfOrder += outOfOrder
  return { guilds: tallies.map((guild, n) => ({ ...guild, states: states[n]! })), misrouted }
}

/**
 * Counts deliveries out of order, by guild. All sessions must agree on one order per channel, which
 * the stage may choose. The session with the most messages of a channel gives the reference order.
 */
function countOutOfOrder(log: AttemptLog, counts: readonly boolean[]): Map<number, number> {
  const totals = new Map<number, number>()
  for (const [key, orders] of ordersByChannel(log, counts)) {
    const guild = Number(key.split('/')[0])
    const unique = [...orders.values()].map((order) => [...new Set(order)])
    const reference = unique.reduce(
      (longest, order) => (order.length > longest.length ? order : longest),
      [],
    )
    const positionOf = new Map(reference.map((n, position) => [n, position]))
    const outOfOrder = unique.reduce(
      (sum, order) =>
        sum +
        countDescents(
          order.map((n) => positionOf.get(n)).filter((position) => position !== undefined),
        ),
      0,
    )
    totals.set(guild, (totals.get(guild) ?? 0) + outOfOrder)
  }
  return totals
}

/**
 * The order in which each session received a channel's messages, by `guild/channel` and session.
 */
function ordersByChannel(
  log: AttemptLog,
  counts: readonly boolean[],
): Map<string, Map<number, number[]>> {
  const channels = new Map<string, Map<number, number[]>>()
  const { attempt: attempts, session: sessions } = log.deliveries
  for (const [index, n] of attempts.entries()) {
    const { guild, channel } = log.attempts[n]!.planned
    const session = sessions[index]!
    if (!counts[n] || log.sessions[session]!.guild !== guild) continue
    const key = `${guild}/${channel}`
    const orders = channels.get(key) ?? new Map<number, number[]>()
    channels.set(key, orders)
    const order = orders.get(session) ?? []
    orders.set(session, order)
    order.push(n)
  }
  return channels
}

/** Counts positions that are lower than one before them. */
function countDescents(positions: readonly number[]): number {
  let highest = -1
  let descents = 0
  for (const position of positions) {
    if (position < highest) descents++
    else highest = position
  }
  return descents
}
