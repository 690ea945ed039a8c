import { type OnProgress, startMongo, withDatabase } from '@threshold/engines'
import { startClient } from './src/children.ts'
import { stageContestant } from './src/contestants.ts'
import { cpuMicros, measure, median, type Sample } from './src/measure.ts'
import { report } from './src/report.ts'

const SOCKETS = 500
const MESSAGES = 200
/** Over the same sockets. V8 compiles what runs often, so that the first round of a process is its slowest. */
const ROUNDS = 7
const COUNTED = 3

/** The whole way of a message, one after the other: from the POST to the last of 500 sockets of one guild. */
async function run(onProgress: OnProgress, options: { publish?: boolean } = {}): Promise<string> {
  await using use = new AsyncDisposableStack()
  const engine = use.use(await startMongo({ prefer: 'lab', onProgress }))
  const stage = use.use(await stageContestant(withDatabase(engine.uri, 'bench')))
  const client = use.use(await startClient())
  onProgress({ text: `${ROUNDS} rounds of ${MESSAGES} messages to ${SOCKETS} sockets` })
  const inFlight = Array.from({ length: ROUNDS }, () => 1)
  const samples = await measure(client, stage, { sockets: SOCKETS, inFlight, messages: MESSAGES })
  const result = {
    name: 'route',
    title: `POST to the last of ${SOCKETS} sockets`,
    engine: engine.label.text,
    samples,
    columns: ['Server', 'p50 ms to the last', 'p99 ms to the last', 'CPU µs a delivery', 'Memory MiB'],
    rows: [row(`${stage.name}, just started`, samples.slice(0, 1)), row(`${stage.name}, warm`, samples.slice(-COUNTED))],
    findings: [
      `${SOCKETS} sockets of one guild, ${MESSAGES} messages one after the other. Just started is the first round after it began; warm the middle one of rounds ${ROUNDS - COUNTED + 1} to ${ROUNDS}, each after a quarter as many that do not count.`,
      'Memory is the whole process, its libraries included.',
    ],
  }
  return await report(result, options)
}

const row = (name: string, samples: readonly Sample[]): string[] => [
  name,
  median(samples, (s) => s.lastP50).toFixed(1),
  median(samples, (s) => s.lastP99).toFixed(1),
  median(samples, cpuMicros).toFixed(1),
  (median(samples, (s) => s.serverMemoryBytes) / 2 ** 20).toFixed(0),
]

export default { name: 'route', title: 'POST to the last of 500 sockets of one guild: latency, CPU, memory', run }
