import type { Histogram } from 'hdr-histogram-js'
import { type Attempt, type AttemptLog, isAcknowledged } from './attempt-log.ts'
import { createLatency, latencyOf, recordMs } from './latency.ts'
import type { FixtureGuild } from './plan.ts'
import {
  type GroupReport,
  type GuildTally,
  LATE_MS,
  type LoadReport,
  type SecondTally,
} from './report.ts'
import { tally } from './tally.ts'
import type { Load } from './workload.ts'

/** From the ledger of a run to what is told of it. Pure. */
export function summarise(
  ledger: AttemptLog,
  load: Load,
  guilds: readonly FixtureGuild[],
  generator: LoadReport['generator'],
): LoadReport {
  const warmupMs = load.warmupSeconds * 1_000
  const counted = ledger.attempts.filter(({ arrival }) => arrival.dueMs >= warmupMs)
  const { guilds: tallies, stray } = tally(ledger, guilds, warmupMs)
  const errors: Record<string, number> = {}
  for (const { outcome } of counted) {
    if (outcome !== undefined && outcome !== 'ok') errors[outcome] = (errors[outcome] ?? 0) + 1
  }
  return {
    v: 2,
    seconds: load.seconds,
    sends: attemptCounts(counted.filter(({ arrival }) => arrival.kind === 'send')),
    reads: attemptCounts(counted.filter(({ arrival }) => arrival.kind === 'read')),
    deliveries: { ...sumDeliveries(tallies), stray },
    errors,
    sockets: sockets(ledger),
    groups: latencies(ledger, load, guilds, warmupMs),
    guilds: tallies,
    series: series(ledger, load, warmupMs),
    generator,
  }
}

function attemptCounts(attempts: readonly Attempt[]): LoadReport['sends'] {
  const acknowledged = attempts.filter(isAcknowledged).length
  const unsent = attempts.filter(({ outcome }) => outcome === undefined).length
  return {
    due: attempts.length,
    acknowledged,
    unsent,
    errors: attempts.length - acknowledged - unsent,
  }
}

const sumOf = <K extends string>(rows: readonly Readonly<Record<K, number>>[], key: K): number =>
  rows.reduce((sum, row) => sum + row[key], 0)

const sumDeliveries = (guilds: readonly GuildTally[]): Omit<LoadReport['deliveries'], 'stray'> => ({
  expected: sumOf(guilds, 'expected'),
  delivered: sumOf(guilds, 'delivered'),
  lost: sumOf(guilds, 'lost'),
  duplicated: sumOf(guilds, 'duplicated'),
  outOfOrder: sumOf(guilds, 'outOfOrder'),
  late: sumOf(guilds, 'late'),
})

function sockets({ sessions }: AttemptLog): LoadReport['sockets'] {
  const drops = sessions.flatMap(({ dropsMs }) => dropsMs)
  const returns = sessions.flatMap(({ returnsMs }) => returnsMs)
  const allBack =
    drops.length > 0 &&
    sessions.every(({ dropsMs, returnsMs }) => dropsMs.length === returnsMs.length)
  return {
    opened: sessions.length,
    dropped: drops.length,
    back: returns.length,
    secondsUntilAllBack: allBack ? (highest(returns) - lowest(drops)) / 1_000 : null,
  }
}

/** Not by spreading: a storm has more sockets than a call may have arguments. */
const highest = (values: readonly number[]): number =>
  values.reduce((most, value) => Math.max(most, value))
const lowest = (values: readonly number[]): number =>
  values.reduce((least, value) => Math.min(least, value))

function latencies(
  ledger: AttemptLog,
  load: Load,
  guilds: readonly FixtureGuild[],
  warmupMs: number,
): GroupReport[] {
  const byGroup = new Map(
    load.groups.map(({ name }) => [
      name,
      { sends: createLatency(), reads: createLatency(), deliveries: createLatency() },
    ]),
  )
  const of = (guild: number): Record<'sends' | 'reads' | 'deliveries', Histogram> =>
    byGroup.get(guilds[guild]!.group)!
  for (const { arrival, answeredMs, outcome } of ledger.attempts) {
    if (arrival.dueMs < warmupMs || outcome !== 'ok') continue
    recordMs(
      arrival.kind === 'send' ? of(arrival.guild).sends : of(arrival.guild).reads,
      answeredMs - arrival.dueMs,
    )
  }
  const { attempt, atMs } = ledger.deliveries
  for (const [index, n] of attempt.entries()) {
    const { arrival } = ledger.attempts[n]!
    if (arrival.dueMs >= warmupMs)
      recordMs(of(arrival.guild).deliveries, atMs[index]! - arrival.dueMs)
  }
  return [...byGroup].map(([name, { sends, reads, deliveries }]) => ({
    name,
    sends: latencyOf(sends),
    reads: latencyOf(reads),
    deliveries: latencyOf(deliveries),
  }))
}

/**
 * What happened in each second of the load, and in those after it in which something was still
 * answered: whoever sent in the last second waits for as long as everybody else. By the second in
 * which it happened, so that each row adds up to the whole.
 */
function series(ledger: AttemptLog, load: Load, warmupMs: number): SecondTally[] {
  const nothing = { due: 0, acknowledged: 0, errors: 0, delivered: 0, late: 0 }
  const seconds: SecondTally[] = Array.from({ length: Math.ceil(load.seconds) }, (_, second) => ({
    second,
    ...nothing,
  }))
  const bump = (ms: number, key: keyof typeof nothing): void => {
    const at = Math.max(0, Math.floor((ms - warmupMs) / 1_000))
    while (seconds.length <= at) seconds.push({ second: seconds.length, ...nothing })
    seconds[at]![key]++
  }
  for (const { arrival, answeredMs, outcome } of ledger.attempts) {
    if (arrival.dueMs < warmupMs) continue
    // Who got no answer at all gave up when their patience ended. A read that fails is a failure as
    // much as a send.
    const overMs = Number.isNaN(answeredMs)
      ? arrival.dueMs + load.patienceSeconds * 1_000
      : answeredMs
    if (outcome !== undefined && outcome !== 'ok') bump(overMs, 'errors')
    if (arrival.kind !== 'send') continue
    bump(arrival.dueMs, 'due')
    if (outcome === 'ok') bump(answeredMs, 'acknowledged')
  }
  const { attempt: of, atMs } = ledger.deliveries
  for (const [index, n] of of.entries()) {
    const attempt = ledger.attempts[n]!
    if (attempt.arrival.dueMs < warmupMs) continue
    bump(atMs[index]!, 'delivered')
    if (isAcknowledged(attempt) && atMs[index]! - attempt.answeredMs > LATE_MS)
      bump(atMs[index]!, 'late')
  }
  return seconds
}
