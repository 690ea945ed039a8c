import { type Figure, figure, type Unit } from './figure.ts'
import { SECONDS_AFTER_LOAD } from './intervention.ts'
import { mergeLatency, percentileMs } from './load/latency.ts'
import { cacheMissesOf } from './run/engine-counters.ts'
import type { Sample } from './run/sample.ts'

/** How one figure is computed from the sample of a trial. */
export interface Measure {
  readonly unit: Unit
  /** Definition of the figure for the reader of the report. */
  readonly text: string
  /** It reads the engine's own counters of its cache, which not every engine has. */
  readonly cacheCounters?: true
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
 * Computes the figures of one trial. If there is no sample, every figure is unknown, which serves
 * to list the thresholds before anything has run.
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

const cacheMeasure = (text: string, read: Measure['read']): Measure => ({
  ...measure('count', text, read),
  cacheCounters: true,
})

/** Counts. Verdicts rest on these, since they depend little on the speed of the machine. */
export const count = {
  delivered: () =>
    measure(
      'count',
      'deliveries of acknowledged messages that reached a socket of their guild',
      (s) => s.load.deliveries.delivered,
    ),
  lost: () =>
    measure(
      'count',
      'deliveries of acknowledged messages that never reached a socket of their guild',
      (s) => s.load.deliveries.lost,
    ),
  duplicated: () =>
    measure(
      'count',
      'deliveries of a message to a socket that already had it',
      (s) => s.load.deliveries.duplicated,
    ),
  outOfOrder: () =>
    measure(
      'count',
      "deliveries that broke their channel's order",
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
      'sends and reads that failed: no 2xx answer before the timeout',
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
      'dropped sockets that had not reconnected at the end',
      ({ load: { sockets } }) => sockets.dropped - sockets.back,
    ),
  guildsWithLostOrLate: (group?: string) =>
    measure(
      'count',
      'guilds with a lost or late delivery, or with a failed send',
      (s) => guilds(s, group).filter(({ lost, late, errors }) => lost + late + errors > 0).length,
    ),
  /** @param text describes the operations for the reader */
  storeOperations: (kind: RegExp, text: string) =>
    measure('count', text, (s) =>
      s.stage.operations === null
        ? Number.NaN
        : Object.entries(s.stage.operations).reduce(
            (sum, [name, operations]) => sum + (kind.test(name) ? operations : 0),
            0,
          ),
    ),
  cacheMisses: () =>
    cacheMeasure(
      "reads from disk into the cache of the engine that stores messages, by the engine's own counter: MongoDB pages, or Cassandra chunks of 16 KiB",
      (s) => cacheMissesOf(s.engine),
    ),
  missesPerThousand: () =>
    cacheMeasure(
      'cache misses of the engine that stores messages, per 1,000 answered sends and reads',
      (s) => {
        const answered = s.load.sends.acknowledged + s.load.reads.acknowledged
        return (1_000 * cacheMissesOf(s.engine)) / answered
      },
    ),
  acknowledged: () => measure('count', 'sends answered 2xx', (s) => s.load.sends.acknowledged),
  pagesRead: () => measure('count', 'history reads answered 2xx', (s) => s.load.reads.acknowledged),
  secondsAfterLoad: () =>
    measure(
      's',
      'time that the intervention continued after the load had ended; the load measured nothing then',
      (s) => s.reported?.[SECONDS_AFTER_LOAD] ?? Number.NaN,
    ),
}

/** A number that the arm's intervention reported under this key. */
export const reported = (name: string, unit: Unit, text: string): Measure =>
  measure(unit, text, (s) => s.reported?.[name] ?? Number.NaN)

/** Fractions within one trial. The share of zero events is unknown and decides no verdict. */
export const share = {
  late: (group?: string) =>
    measure(
      'share',
      'share of the expected deliveries that came more than 200 ms after the send was acknowledged',
      (s) => {
        const tallies = guilds(s, group)
        return sum(tallies, 'late') / sum(tallies, 'expected')
      },
    ),
  acknowledged: () =>
    measure(
      'share',
      'share of the due sends that were answered 2xx',
      (s) => s.load.sends.acknowledged / s.load.sends.due,
    ),
}

/** Absolute times. They are context; a threshold may only be a ratio of two from the same run. */
export const time = {
  sendP99: (group?: string) =>
    measure('ms', 'p99 from when a send was due to its answer', (s) =>
      latency(s, 'sends', group, 99),
    ),
  deliveryP50: (group?: string) =>
    measure('ms', 'p50 from when a send was due to its arrival at each socket', (s) =>
      latency(s, 'deliveries', group, 50),
    ),
  deliveryP90: (group?: string) =>
    measure('ms', 'p90 from when a send was due to its arrival at each socket', (s) =>
      latency(s, 'deliveries', group, 90),
    ),
  deliveryP99: (group?: string) =>
    measure('ms', 'p99 from when a send was due to its arrival at each socket', (s) =>
      latency(s, 'deliveries', group, 99),
    ),
  readP50: (group?: string) =>
    measure('ms', 'p50 from when a read was due to its answer', (s) =>
      latency(s, 'reads', group, 50),
    ),
  readP99: (group?: string) =>
    measure('ms', 'p99 from when a read was due to its answer', (s) =>
      latency(s, 'reads', group, 99),
    ),
  eventLoopGap: () =>
    measure('ms', "longest gap in the stage's event loop", (s) => s.stage.gapMaxMs ?? Number.NaN),
  untilAllBack: () =>
    measure(
      's',
      'from the first dropped socket until all had reconnected',
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
