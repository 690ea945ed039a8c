import { type OnProgress, startMongo, withDatabase } from '@threshold/engines'
import { startClient } from './src/children.ts'
import { stageContestant } from './src/contestants.ts'
import { cpuMicros, measure, median, type Sample } from './src/measure.ts'
import { report } from './src/report.ts'

const SOCKETS = 500
const MESSAGES = 200
const ROUNDS = 3

/** The whole way of a message, one after the other: from the POST to the last of 500 sockets of one guild. */
async function run(onProgress: OnProgress, options: { publish?: boolean } = {}): Promise<string> {
  await using use = new AsyncDisposableStack()
  const engine = use.use(await startMongo({ prefer: 'lab', onProgress }))
  const stage = use.use(await stageContestant(withDatabase(engine.uri, 'bench')))
  const client = use.use(await startClient())
  const samples: Sample[] = []
  for (let round = 0; round < ROUNDS; round++) {
    onProgress({ text: `round ${round + 1}`, done: round, total: ROUNDS })
    samples.push(...(await measure(client, stage, { sockets: SOCKETS, inFlight: [1], messages: MESSAGES })))
  }
  const p50 = median(samples, (s) => s.lastP50)
  const cpu = median(samples, cpuMicros)
  const memory = median(samples, (s) => s.serverMemoryBytes) / 2 ** 20
  const result = {
    name: 'route',
    title: `POST to the last of ${SOCKETS} sockets`,
    engine: engine.label.text,
    samples,
    columns: ['Server', 'p50 ms to the last', 'p99 ms to the last', 'CPU µs a delivery', 'Memory MiB'],
    rows: [[stage.name, p50.toFixed(1), median(samples, (s) => s.lastP99).toFixed(1), cpu.toFixed(1), memory.toFixed(0)]],
    findings: [
      `${SOCKETS} sockets of one guild, ${MESSAGES} messages one after the other, the middle one of ${ROUNDS} rounds.`,
      'Memory is the whole process, its libraries included.',
    ],
  }
  return await report(result, options)
}

export default { name: 'route', title: 'POST to the last of 500 sockets of one guild: latency, CPU, memory', run }
