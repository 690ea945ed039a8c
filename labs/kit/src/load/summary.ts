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

/** Computes the load report from the attempt log. Pure. */
export function summarise(
  log: AttemptLog,
  load: Load,
  guilds: readonly FixtureGuild[],
  generator: LoadReport['generator'],
): LoadReport {
  const warmupMs = load.warmupSeconds * 1_000
  const counted = log.attempts.filter(({ planned }) => planned.dueMs >= warmupMs)
  const { guilds: tallies, misrouted } = tally(log, guilds, warmupMs, load.seconds)
  const errors: Record<string, number> = {}
  for (const { outcome } of counted) {
    if (outcome !== undefined && outcome !== 'ok') errors[outcome] = (errors[outcome] ?? 0) + 1
  }
  return {
    v: 3,
    seconds: load.seconds,
    sends: attemptCounts(counted.filter(({ planned }) => planned.kind === 'send')),
    reads: attemptCounts(counted.filter(({ planned }) => planned.kind === 'read')),
    deliveries: { ...sumDeliveries(tallies), misrouted },
    errors,
    sockets: sockets(log),
    groups: latencies(log, load, guilds, warmupMs),
    guilds: tallies,
    series: series(log, load, warmupMs),
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

const sumDeliveries = (
  guilds: readonly GuildTally[],
): Omit<LoadReport['deliveries'], 'misrouted'> => ({
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

/**
 * `Math.max(...values)` would fail, since there may be more sockets than a call takes arguments.
 */
const highest = (values: readonly number[]): number =>
  values.reduce((most, value) => Math.max(most, value))
const lowest = (values: readonly number[]): number =>
  values.reduce((least, value) => Math.min(least, value))

function latencies(
  log: AttemptLog,
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
  const histogramsOf = (guild: number): Record<'sends' | 'reads' | 'deliveries', Histogram> =>
    byGroup.get(guilds[guild]!.group)!
  for (const { planned, answeredMs, outcome } of log.attempts) {
    if (planned.dueMs < warmupMs || outcome !== 'ok') continue
    recordMs(
      planned.kind === 'send'
        ? histogramsOf(planned.guild).sends
        : histogramsOf(planned.guild).reads,
      answeredMs - planned.dueMs,
    )
  }
  const { attempt, atMs } = log.deliveries
  for (const [index, n] of attempt.entries()) {
    const { planned } = log.attempts[n]!
    if (planned.dueMs >= warmupMs)
      recordMs(histogramsOf(planned.guild).deliveries, atMs[index]! - planned.dueMs)
  }
  return [...byGroup].map(([name, { sends, reads, deliveries }]) => ({
    name,
    sends: latencyOf(sends),
    reads: latencyOf(reads),
    deliveries: latencyOf(deliveries),
  }))
}

/**
 * Counts events by the second in which they happened, so that each column adds up to its total. The
 * series continues after the load for as long as answers and deliveries arrive.
 */
function series(log: AttemptLog, load: Load, warmupMs: number): SecondTally[] {
  const zero = { due: 0, acknowledged: 0, errors: 0, delivered: 0, late: 0 }
  const seconds: SecondTally[] = Array.from({ length: Math.ceil(load.seconds) }, (_, second) => ({
    second,
    ...zero,
  }))
  const increment = (ms: number, key: keyof typeof zero): void => {
    const at = Math.max(0, Math.floor((ms - warmupMs) / 1_000))
    while (seconds.length <= at) seconds.push({ second: seconds.length, ...zero })
    seconds[at]![key]++
  }
  for (const { planned, answeredMs, outcome } of log.attempts) {
    if (planned.dueMs < warmupMs) continue
    // An attempt without an answer fails when its timeout ends. Failed reads count like failed
    // sends.
    const endedMs = Number.isNaN(answeredMs)
      ? planned.dueMs + load.timeoutSeconds * 1_000
      : answeredMs
    if (outcome !== undefined && outcome !== 'ok') increment(endedMs, 'errors')
    if (planned.kind !== 'send') continue
    increment(planned.dueMs, 'due')
    if (outcome === 'ok') increment(answeredMs, 'acknowledged')
  }
  const { attempt: numbers, atMs } = log.deliveries
  for (const [index, n] of numbers.entries()) {
    const attempt = log.attempts[n]!
    if (attempt.planned.dueMs < warmupMs) continue
    increment(atMs[index]!, 'delivered')
    if (isAcknowledged(attempt) && atMs[index]! - attempt.answeredMs > LATE_MS)
      increment(atMs[index]!, 'late')
  }
  return seconds
}
