import { writeSync } from 'node:fs'
import { type Debugger, Session } from 'node:inspector/promises'
import process from 'node:process'
import { setTimeout as sleep } from 'node:timers/promises'
import { workerData } from 'node:worker_threads'
import { Kvm } from '@nats-io/kv'
import { connect } from '@nats-io/transport-node'
import { encodeJson } from '@threshold/kit'
import { Stall } from './stall.ts'
import { viewsOf, type WatchdogData } from './watchdog.ts'

/** The thread of the watchdog: see `watchdog.ts`. */
const { shared, nats, leaseKey, maxTurnMs, maxMemoryMb } = workerData as WatchdogData
const CHECK_MS = 50
/**
 * The guild that was entered last is to blame if the loop cannot be paused within this CPU time. A
 * busy machine gives the loop little of it, so that it may take longer, up to this wall time.
 */
const LOOK_CPU_MS = 300
const LOOK_TIMEOUT_MS = 2_000
/** The process ends after this time also if NATS does not answer. */
const REPORT_TIMEOUT_MS = 5_000

const { turns, collecting, current, leaking } = viewsOf(shared)
const connection = await connect({
  servers: [...nats.servers],
  user: nats.user,
  pass: nats.password,
  inboxPrefix: `_INBOX.${nats.user}`,
  name: 'watchdog',
  maxReconnectAttempts: -1,
})
const buckets = new Kvm(connection)
const [leases, quarantine] = [await buckets.open('leases'), await buckets.open('quarantine')]
const stall = new Stall(maxTurnMs, CHECK_MS)

for (;;) {
  await sleep(CHECK_MS)
  if (Atomics.load(collecting, 0) === 1) continue
  const used = { turns: Atomics.load(turns, 0), atMs: performance.now(), cpuMs: cpuMs() }
  if (stall.check(used)) {
    // A loop in native code, such as a regular expression, cannot be paused.
    const unknown: [string, string] = [String(current[0]), '']
    const looked = lookAtLoop().catch(() => unknown)
    const [guild, stack] = await Promise.race([looked, untilGivenUp().then(() => unknown)])
    await end(guild, `an endless loop: no turn ended in ${maxTurnMs} ms of CPU`, stack)
  }
  const leak = Atomics.load(leaking, 0)
  if (leak !== 0n) await end(String(leak), `a leak: more than ${maxMemoryMb} MiB`)
}

function cpuMs(): number {
  const { user, system } = process.cpuUsage()
  return (user + system) / 1e3
}

async function untilGivenUp(): Promise<void> {
  const [cpu, at] = [cpuMs(), performance.now()]
  while (cpuMs() - cpu < LOOK_CPU_MS && performance.now() - at < LOOK_TIMEOUT_MS)
    await sleep(CHECK_MS)
}

/** Pauses the event loop, and returns the guild whose code runs with the stack of that code. */
async function lookAtLoop(): Promise<[guild: string, stack: string]> {
  const session = new Session()
  session.connectToMainThread()
  const { promise, resolve } = Promise.withResolvers<Debugger.PausedEventDataType>()
  session.once('Debugger.paused', ({ params }) => resolve(params))
  await session.post('Debugger.enable')
  await session.post('Debugger.pause')
  const [top] = (await promise).callFrames
  if (!top) throw new Error('the loop has no frame')
  const { result } = await session.post('Debugger.evaluateOnCallFrame', {
    callFrameId: top.callFrameId,
    expression: '[thresholdRunningGuild(), new Error().stack]',
    returnByValue: true,
  })
  // The value is missing if the expression has thrown.
  const [guild, stack] = result.value as [string, string]
  // The first two lines are those of the expression.
  return [guild, stack.split('\n').slice(2).join('\n')]
}

/** Other hosts take over when the lease is gone, and do not serve the guild. */
async function end(guild: string, reason: string, stack = ''): Promise<void> {
  const report = async (): Promise<void> => {
    if (guild !== '0') await quarantine.put(guild, encodeJson({ v: 1, reason, at: Date.now() }))
    await leases.delete(leaseKey)
  }
  // The loop that would write for `process.stderr` does not run.
  writeSync(2, `the watchdog ends this process. Guild ${guild}: ${reason}\n${stack}\n`)
  await Promise.race([report().catch(() => {}), sleep(REPORT_TIMEOUT_MS)])
  process.kill(process.pid, 'SIGKILL')
}
