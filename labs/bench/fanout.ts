import { type OnProgress, startMongo, withDatabase } from '@threshold/engines'
import { baselineContestant, type Contestant, stageContestant } from './src/contestants.ts'
import { cpuMicros, type FanoutPlan, measure, median, type Sample } from './src/measure.ts'
import { startClient } from './src/processes.ts'
import { saveReport } from './src/report.ts'

/** Deliveries are about the same in each window, so that each is measured for about as long. */
const WINDOWS: readonly FanoutPlan[] = [
  { sockets: 1_000, inFlight: [1, 8], messages: 80 },
  { sockets: 5_000, inFlight: [1, 8], messages: 16 },
]
const ROUNDS = 3

/** One message to many sockets: the gateway beside what a team might have taken instead. */
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
  const total = ROUNDS * WINDOWS.length * contestants.length
  for (let round = 0; round < ROUNDS; round++) {
    for (const window of WINDOWS) {
      // Interleaved: whatever else this machine does in these minutes, it does to all of them.
      for (const contestant of contestants) {
        onProgress({ text: `${contestant.name}, ${window.sockets} sockets`, done, total })
        samples.push(...(await measure(client, contestant, window)))
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
  for (const { sockets, inFlight } of WINDOWS.flatMap((window) =>
    window.inFlight.map((inFlight) => ({ ...window, inFlight })),
  )) {
    const of = (name: string) =>
      samples.filter((s) => s.name === name && s.sockets === sockets && s.inFlight === inFlight)
    const cpu = (name: string) => median(of(name), cpuMicros)
    const stage = cpu(contestants[0]!.name)
    for (const { name } of contestants) {
      rows.push([
        String(sockets),
        String(inFlight),
        name,
        cpu(name).toFixed(1),
        (cpu(name) / stage).toFixed(2),
        Math.round(median(of(name), (s) => s.deliveries / s.seconds)).toLocaleString('en'),
        median(of(name), (s) => s.p50).toFixed(1),
        median(of(name), (s) => s.p99).toFixed(1),
      ])
    }
    const cheaper = contestants.slice(1).filter(({ name }) => cpu(name) < stage)
    findings.push(
      cheaper.length === 0
        ? `${sockets} sockets, ${inFlight} in flight: nothing here is cheaper than stage 1.`
        : `${sockets} sockets, ${inFlight} in flight: stage 1 loses to ${cheaper.map(({ name }) => `${name} (it takes ${(stage / cpu(name)).toFixed(2)} times its CPU)`).join(' and ')}.`,
    )
  }
  const columns = [
    'Sockets',
    'In flight',
    'Server',
    'CPU µs a delivery',
    'Ratio to stage 1',
    'Deliveries/s',
    'p50 ms',
    'p99 ms',
  ]
  const fairness =
    'Stage 1 is measured whole: each message is also checked, stored durably and put in the guild’s log. The others only tell.'
  return { columns, rows, findings: [...findings, fairness] }
}

export default {
  name: 'fanout',
  title: 'One message to 1,000 and 5,000 sockets: the gateway, ws, Socket.IO, TCP',
  run,
}
