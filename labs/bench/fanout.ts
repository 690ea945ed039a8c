import { type OnProgress, startMongo, withDatabase } from '@threshold/engines'
import { baselineContestant, type Contestant, stageContestant } from './src/contestants.ts'
import { cpuMicros, type FanoutPlan, measure, median, type Sample } from './src/measure.ts'
import { startClient } from './src/processes.ts'
import { saveReport } from './src/report.ts'

/** Each plan makes about the same number of deliveries, so that each takes about as long. */
const PLANS: readonly FanoutPlan[] = [
  { sockets: 1_000, inFlight: [1, 8], messages: 80 },
  { sockets: 5_000, inFlight: [1, 8], messages: 16 },
]
const ROUNDS = 3

/** Measures one message to many sockets: the gateway beside its alternatives. */
async function run(onProgress: OnProgress, options: { publish?: boolean } = {}): Promise<string> {
  await using use = new AsyncDisposableStack()
  const engine = use.use(await startMongo({ prefer: 'lab', onProgress }))
  const contestants: Contestant[] = [
    use.use(await stageContestant(withDatabase(engine.uri, 'bench'))),
    use.use(await baselineContestant('ws', 'ws, send(string)')),
    use.use(await baselineContestant('socket.io', 'Socket.IO 4.8, a room')),
    use.use(await baselineContestant('tcp', 'TCP, write(buffer)')),
  ]
  const client = use.use(await startClient())
  const samples: Sample[] = []
  let done = 0
  const total = ROUNDS * PLANS.length * contestants.length
  for (let round = 0; round < ROUNDS; round++) {
    for (const plan of PLANS) {
      // Interleaved, so that other work on the machine affects all contestants alike.
      for (const contestant of contestants) {
        onProgress({ text: `${contestant.name}, ${plan.sockets} sockets`, done, total })
        samples.push(...(await measure(client, contestant, plan)))
        done += 1
      }
    }
  }
  const title = 'One message to many sockets'
  return await saveReport(
    {
      name: 'fanout',
      title,
      engine: engine.label.text,
      samples,
      ...describe(samples, contestants),
    },
    options,
  )
}

function describe(samples: readonly Sample[], contestants: readonly Contestant[]) {
  const rows: string[][] = []
  const findings: string[] = []
  for (const { sockets, inFlight } of PLANS.flatMap((plan) =>
    plan.inFlight.map((inFlight) => ({ ...plan, inFlight })),
  )) {
    const samplesOf = (name: string) =>
      samples.filter((s) => s.name === name && s.sockets === sockets && s.inFlight === inFlight)
    const cpu = (name: string) => median(samplesOf(name), cpuMicros)
    const stage = cpu(contestants[0]!.name)
    for (const { name } of contestants) {
      rows.push([
        String(sockets),
        String(inFlight),
        name,
        cpu(name).toFixed(1),
        (cpu(name) / stage).toFixed(2),
        Math.round(median(samplesOf(name), (s) => s.deliveries / s.seconds)).toLocaleString('en'),
        median(samplesOf(name), (s) => s.p50).toFixed(1),
        median(samplesOf(name), (s) => s.p99).toFixed(1),
      ])
    }
    const cheaper = contestants.slice(1).filter(({ name }) => cpu(name) < stage)
    findings.push(
      cheaper.length === 0
        ? `${sockets} sockets, ${inFlight} in flight: no other server needs less CPU than stage 1.`
        : `${sockets} sockets, ${inFlight} in flight: stage 1 loses to ${cheaper.map(({ name }) => `${name} (it takes ${(stage / cpu(name)).toFixed(2)} times its CPU)`).join(' and ')}.`,
    )
  }
  const columns = [
    'Sockets',
    'In flight',
    'Server',
    'CPU µs per delivery',
    'Ratio to stage 1',
    'Deliveries/s',
    'p50 ms',
    'p99 ms',
  ]
  const fairness =
    'Stage 1 does the complete work: it also validates each message, stores it durably and appends it to the guild’s log. The others only send it to their sockets.'
  return { columns, rows, findings: [...findings, fairness] }
}

export default {
  name: 'fanout',
  title: 'One message to 1,000 and 5,000 sockets: the gateway, ws, Socket.IO, TCP',
  run,
}
