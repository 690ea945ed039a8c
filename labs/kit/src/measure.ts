import { type Figure, figure, type Unit } from './figure.ts'
import { SECONDS_AFTER_LOAD } from './intervention.ts'
import { mergeLatency, percentileMs } from './load/latency.ts'
import { cacheMissesOf } from './run/engine-counters.ts'
import type { Sample } from './run/sample.ts'

/** How one number is read off what a visit left. */
export interface Measure {
  readonly unit: Unit
  /** What is counted, for a report's reader. */
  readonly text: string
  read(sample: Sample): number
}

export type Measures = Readonly<Record<string, Measure>>
export type Figures<M extends Measures> = { readonly [K in keyof M]: Figure }

export const measure = (unit: Unit, text: string, read: (sample: Sample) => number): Measure => ({
  unit,
  text,
  read,
})

/**
 * The figures of one visit. Without one, all are unknown: that is how thresholds are told before
 * anything has run.
 */
export function figuresOf<M extends Measures>(measures: M, sample: Sample | undefined): Figures<M> {
  const entries = Object.entries(measures).map(([name, { unit, read }]) => [
    name,
    figure(nameInWords(name), unit, sample === undefined ? Number.NaN : read(sample)),
  ])
  return Object.fromEntries(entries) as Figures<M>
}

/** `lateDeliveries` → `late deliveries`. */
export const nameInWords = (name: string): string =>
  name.replaceAll(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`)

const guilds = (sample: Sample, group: string | undefined) =>
  sample.load.guilds.filter((guild) => group === undefined || guild.group === group)

/** What verdicts rest on: a noisy laptop cannot decide a count. */
export const count = {
  lost: () =>
    measure(
      'count',
      'acknowledged messages that a socket which should have got them never got',
      (s) => s.load.deliveries.lost,
    ),
  duplicated: () =>
    measure(
      'count',
      'messages that came down the same socket again',
      (s) => s.load.deliveries.duplicated,
    ),
  outOfOrder: () =>
    measure(
      'count',
      "deliveries against their channel's order",
      (s) => s.load.deliveries.outOfOrder,
    ),
  late: () =>
    measure(
      'count',
      'deliveries more than 200 ms after the send was acknowledged',
      (s) => s.load.deliveries.late,
    ),
  errors: () =>
    measure(
      'count',
      'sends and reads answered other than 2xx, or not at all while their sender waited',
      (s) => s.load.sends.errors + s.load.reads.errors,
    ),
  secondsWithErrors: () =>
    measure(
      'count',
      'seconds in which a send or a read failed',
      (s) => s.load.series.filter(({ errors }) => errors > 0).length,
    ),
  socketsDropped: () =>
    measure('count', 'sockets that the stage closed or lost', (s) => s.load.sockets.dropped),
  socketsAway: () =>
    measure(
      'count',
      'of the sockets that were dropped, those that were not back at the end',
      ({ load: { sockets } }) => sockets.dropped - sockets.back,
    ),
  guildsWithLostOrLate: (group?: string) =>
    measure(
      'count',
      'guilds in which somebody got a message late or not at all, or could not send one',
      (s) => guilds(s, group).filter(({ lost, late, errors }) => lost + late + errors > 0).length,
    ),
  storeOperations: (kind: RegExp) =>
    measure('count', `store operations like ${kind.source}`, (s) =>
      s.stage.operations === null
        ? Number.NaN
        : Object.entries(s.stage.operations).reduce(
            (sum, [name, operations]) => sum + (kind.test(name) ? operations : 0),
            0,
          ),
    ),
  cacheMisses: () =>
    measure(
      'count',
      "what the engine that holds messages read into its cache, by its own count: MongoDB's pages, or Cassandra's chunks of 16 KiB",
      (s) => cacheMissesOf(s.engine),
    ),
  missesPerThousand: () =>
    measure(
      'count',
      'cache misses of the engine that holds messages, for each thousand sends and reads that were answered',
      (s) => {
        const answered = s.load.sends.acknowledged + s.load.reads.acknowledged
        return (1_000 * cacheMissesOf(s.engine)) / answered
      },
    ),
  acknowledged: () => measure('count', 'sends answered 2xx', (s) => s.load.sends.acknowledged),
  pagesRead: () =>
    measure('count', 'pages of history answered 2xx', (s) => s.load.reads.acknowledged),
  secondsAfterLoad: () =>
    measure(
      's',
      'that what was done went on after people had left: nothing was measured in them',
      (s) => s.reported?.[SECONDS_AFTER_LOAD] ?? Number.NaN,
    ),
}

/** What an arm's deed told under this name. */
export const reported = (name: string, unit: Unit, text: string): Measure =>
  measure(unit, text, (s) => s.reported?.[name] ?? Number.NaN)

/**
 * Parts of a whole, from the same visit. A share of nothing is unknown, and an unknown makes no
 * verdict.
 */
export const share = {
  late: (group?: string) =>
    measure(
      'share',
      'of the deliveries that were owed, those more than 200 ms after the send was acknowledged',
      (s) => {
        const of = guilds(s, group)
        return sum(of, 'late') / sum(of, 'expected')
      },
    ),
  acknowledged: () =>
    measure(
      'share',
      'of the sends that were due, those answered 2xx',
      (s) => s.load.sends.acknowledged / s.load.sends.due,
    ),
}

/**
 * Absolute times: context beside a verdict, and thresholds only as a ratio to another of the same
 * run.
 */
export const time = {
  sendP99: (group?: string) =>
    measure('ms', 'p99 from the moment a send was due to its answer', (s) =>
      latency(s, 'sends', group, 99),
    ),
  deliveryP50: (group?: string) =>
    measure('ms', 'p50 from the moment a send was due to each socket', (s) =>
      latency(s, 'deliveries', group, 50),
    ),
  deliveryP90: (group?: string) =>
    measure('ms', 'p90 from the moment a send was due to each socket', (s) =>
      latency(s, 'deliveries', group, 90),
    ),
  deliveryP99: (group?: string) =>
    measure('ms', 'p99 from the moment a send was due to each socket', (s) =>
      latency(s, 'deliveries', group, 99),
    ),
  readP50: (group?: string) =>
    measure('ms', 'p50 from the moment a read was due to its answer', (s) =>
      latency(s, 'reads', group, 50),
    ),
  readP99: (group?: string) =>
    measure('ms', 'p99 from the moment a read was due to its answer', (s) =>
      latency(s, 'reads', group, 99),
    ),
  eventLoopGap: () =>
    measure(
      'ms',
      "longest standstill of the stage's event loop",
      (s) => s.stage.gapMaxMs ?? Number.NaN,
    ),
  untilAllBack: () =>
    measure(
      's',
      'from the first dropped socket until all were back',
      (s) => s.load.sockets.secondsUntilAllBack ?? Number.NaN,
    ),
}

const sum = (
  rows: readonly { late: number; expected: number }[],
  key: 'late' | 'expected',
): number => rows.reduce((total, row) => total + row[key], 0)

function latency(
  sample: Sample,
  kind: 'sends' | 'deliveries' | 'reads',
  group: string | undefined,
  percentile: number,
): number {
  const groups = sample.load.groups.filter(({ name }) => group === undefined || name === group)
  return percentileMs(mergeLatency(groups.map((each) => each[kind])), percentile)
}
