import { type OnProgress, startMongo, withDatabase } from '@threshold/engines'
import { baselineContestant, type Contestant, stageContestant } from './src/contestants.ts'
import { connect, cpuMicros, measureRound, median, type Sample } from './src/measure.ts'
import { type Client, startClient } from './src/processes.ts'
import { saveReport } from './src/report.ts'

const SOCKETS = 500
const MESSAGES = 200
/**
 * Rounds over the same sockets. The first round is the slowest, since V8 has compiled little yet.
 */
const ROUNDS = 7
const COUNTED = 3

/**
 * The targets for stage 1: a tenth, a tenth and a third of the values of an open-source TypeScript
 * server of this kind on another machine.
 */
const TARGETS = { ms: 133 / 10, micros: 227 / 10, mib: 541 / 3 }

/**
 * Measures the way of a message from the POST to the last of 500 sockets, one message at a time.
 */
async function run(onProgress: OnProgress, options: { publish?: boolean } = {}): Promise<string> {
  await using use = new AsyncDisposableStack()
  const engine = use.use(await startMongo({ prefer: 'lab', onProgress }))
  const ready = async (
    contestant: Contestant,
  ): Promise<{ contestant: Contestant; client: Client }> => {
    const client = use.use(await startClient())
    await connect(client, use.use(contestant), SOCKETS)
    return { contestant, client }
  }
  // The baseline: the cost of 500 sockets and their client alone.
  const baseline = await ready(await baselineContestant('ws', 'ws, send(string)'))
  const stage = await ready(await stageContestant(withDatabase(engine.uri, 'bench')))
  const samples: Sample[] = []
  for (let round = 0; round < ROUNDS; round++) {
    onProgress({
      text: `${MESSAGES} messages to ${SOCKETS} sockets, a round`,
      done: round,
      total: ROUNDS,
    })
    for (const { client, contestant } of [stage, baseline])
      samples.push(
        await measureRound(client, contestant, {
          sockets: SOCKETS,
          messages: MESSAGES,
          inFlight: 1,
        }),
      )
  }
  const samplesOf = ({ contestant: { name } }: typeof stage): Sample[] =>
    samples.filter((sample) => sample.name === name)
  const started = figures(samplesOf(stage).slice(0, 1))
  const warm = figures(samplesOf(stage).slice(-COUNTED))
  const baselineWarm = figures(samplesOf(baseline).slice(-COUNTED))
  const result = {
    name: 'route',
    title: `POST to the last of ${SOCKETS} sockets`,
    engine: engine.label.text,
    samples,
    columns: [
      'Server',
      'p50 ms to the last',
      'To ws',
      'p99 ms to the last',
      'CPU µs per delivery',
      'To ws',
      'Memory MiB',
    ],
    rows: [
      row(`${stage.contestant.name}, just started`, started, baselineWarm),
      row(`${stage.contestant.name}, warm`, warm, baselineWarm),
      row(`${baseline.contestant.name}, warm`, baselineWarm, baselineWarm),
    ],
    findings: [
      `Targets for stage 1, warm: ${met('ms to the last', warm.p50, TARGETS.ms)}, ${met('µs per delivery', warm.micros, TARGETS.micros)}, ${met('MiB', warm.mib, TARGETS.mib)}. They are a tenth, a tenth and a third of the values of an open-source TypeScript server of this kind on another machine.`,
      'ws only sends: it has no token, no permission and no database. Its row is the cost of 500 sockets and their client alone on this machine.',
      `${SOCKETS} sockets each, ${MESSAGES} messages one after the other, the two servers in turn. “Just started” is the first round. “Warm” is the median of rounds ${ROUNDS - COUNTED + 1} to ${ROUNDS}. A quarter as many messages before each round do not count.`,
      'Memory is that of the whole process, its libraries included.',
    ],
  }
  return await saveReport(result, options)
}

interface RouteSummary {
  readonly p50: number
  readonly p99: number
  readonly micros: number
  readonly mib: number
}

const figures = (samples: readonly Sample[]): RouteSummary => ({
  p50: median(samples, (s) => s.lastP50),
  p99: median(samples, (s) => s.lastP99),
  micros: median(samples, cpuMicros),
  mib: median(samples, (s) => s.serverMemoryBytes) / 2 ** 20,
})

const row = (
  name: string,
  { p50, p99, micros, mib }: RouteSummary,
  baselineWarm: RouteSummary,
): string[] => [
  name,
  p50.toFixed(1),
  (p50 / baselineWarm.p50).toFixed(2),
  p99.toFixed(1),
  micros.toFixed(1),
  (micros / baselineWarm.micros).toFixed(2),
  mib.toFixed(0),
]

const met = (unit: string, value: number, limit: number): string =>
  `at most ${limit.toFixed(1)} ${unit} (${value <= limit ? 'reached' : 'missed'})`

export default {
  name: 'route',
  title: 'POST to the last of 500 sockets of one guild: latency, CPU, memory',
  run,
}
