import type { OnProgress } from '@threshold/engines'
import { startSystem } from '../chaos/src/system.ts'
import { EVENTS, type HandoverResult, handoverRounds } from './src/handover/rounds.ts'
import { median } from './src/measure.ts'
import { saveReport } from './src/report.ts'

const STAGE = 3
/** Half of them move when one of two hosts ends, and back when it has begun again. */
const PLAN = { guilds: 8, rounds: 6, settleMs: 6_000 } as const
/** The target for a hand-over that is planned. */
const TARGET_MS = 200

/** Measures how long a guild is silent while it moves from one guild host to another. */
async function run(onProgress: OnProgress, options: { publish?: boolean } = {}): Promise<string> {
  await using use = new AsyncDisposableStack()
  const system = { stage: STAGE, name: 'handover', processes: { guilds: 2 } }
  const { stage, engineText } = await startSystem(use, system, onProgress)
  const measured = await handoverRounds(stage, PLAN, onProgress)
  const title = 'A guild that moves to another host'
  const { samples } = measured
  return await saveReport(
    { name: 'handover', title, engine: engineText, samples, ...describe(measured) },
    options,
  )
}

export function describe({ samples, lost, doubled }: HandoverResult) {
  const summaries = EVENTS.map((event) => {
    const of = samples.filter((sample) => sample.event === event)
    const longest = of.map(({ silenceMs }) => Math.max(...silenceMs))
    return {
      event,
      typical: median(longest, (ms) => ms),
      worst: Math.max(...longest),
      refused: of.reduce((sum, { refused }) => sum + refused, 0),
    }
  })
  const [calm, restart] = summaries as [(typeof summaries)[number], (typeof summaries)[number]]
  const met = restart.typical < TARGET_MS ? 'reached' : 'missed'
  const rounds = samples.length / EVENTS.length
  const guilds = samples[0]?.silenceMs.length ?? 0
  return {
    columns: [
      'Event',
      'Longest silence ms, median',
      'Ratio to idle',
      'Worst',
      'Not answered with 200',
    ],
    rows: summaries.map(({ event, typical, worst, refused }) => [
      event,
      typical.toFixed(0),
      (typical / calm.typical).toFixed(1),
      worst.toFixed(0),
      String(refused),
    ]),
    findings: [
      `A hand-over that is planned: at most ${TARGET_MS} ms of silence (${met}).`,
      `${lost} acknowledged messages lost, ${doubled} doubled.`,
      `${guilds} guilds on two hosts, to each of which one client sends a message, waits for the answer and for 20 ms, and sends the next. Silence is the time between two deliveries to a guild’s socket, and each window counts that of its worst guild; the median is of ${rounds} windows.`,
      'A restart moves half of the guilds twice: away from the host that ends, and back to the one that begins. The others notice a kill only when the lease expires.',
    ],
  }
}

export default {
  name: 'handover',
  title: 'silence of a guild that moves to another host, planned and after a kill',
  run,
}
