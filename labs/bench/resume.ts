import type { OnProgress } from '@threshold/engines'
import { startSystem } from '../chaos/src/system.ts'
import { median } from './src/measure.ts'
import { saveReport } from './src/report.ts'
import { resumeStorms, type StormResult } from './src/resume/storm.ts'

const STAGE = 3
const HEARTBEAT_MS = 10_000
/** The clients have acknowledged everything after two heartbeats. */
const PLAN = { sessions: 5_000, rounds: 3, messages: 10, settleMs: 2 * HEARTBEAT_MS } as const
/** The target for the memory of an idle session. */
const TARGET_KIB = 24

/** Measures what it costs that all clients lose their sockets at once, and resume. */
async function run(onProgress: OnProgress, options: { publish?: boolean } = {}): Promise<string> {
  await using use = new AsyncDisposableStack()
  const env = { THRESHOLD_HEARTBEAT_MS: String(HEARTBEAT_MS) }
  const system = { stage: STAGE, name: 'resume', env }
  const { stage, engineText } = await startSystem(use, system, onProgress)
  const measured = await resumeStorms(stage, PLAN, onProgress)
  const title = 'All clients reconnect at once'
  const { samples } = measured
  return await saveReport(
    { name: 'resume', title, engine: engineText, samples, ...describe(measured) },
    options,
  )
}

export function describe({ samples, bytesPerSession }: StormResult) {
  const kib = bytesPerSession / 1_024
  const met = kib <= TARGET_KIB ? 'reached' : 'missed'
  const sessions = samples[0] ? samples[0].resumed + samples[0].identified : 0
  const rate = median(samples, ({ resumed, seconds }) => resumed / seconds)
  return {
    columns: [
      'Round',
      'All back after s',
      'Resumed',
      'Identified again',
      'Delivered',
      'Doubled',
      'Store operations',
    ],
    rows: samples.map((sample, i) => [
      String(i + 1),
      sample.seconds.toFixed(1),
      String(sample.resumed),
      String(sample.identified),
      `${((100 * sample.delivered) / sample.expected).toFixed(2)}%`,
      String(sample.doubled),
      String(sample.storeOperations),
    ]),
    findings: [
      `${sessions} sockets are cut at once, and ${rate.toFixed(0)} sessions a second resume. Each client first waits up to a second, as client libraries do.`,
      `An idle session takes ${kib.toFixed(1)} KiB of the gateway's memory with its socket; the target is ${TARGET_KIB} KiB (${met}).`,
      'Delivered is the share of the messages that were sent meanwhile, over all sessions. Store operations are those of gateways and guild hosts.',
    ],
  }
}

export default {
  name: 'resume',
  title: 'all sockets of 5,000 sessions are cut at once, and the sessions resume',
  run,
}
