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
/** The process ends after this time also if NATS does not answer. */
const REPORT_TIMEOUT_MS = 300

const { turns, current, leaking } = viewsOf(shared)
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
  const { user, system } = process.cpuUsage()
  const used = {
    turns: Atomics.load(turns, 0),
    atMs: performance.now(),
    cpuMs: (user + system) / 1e3,
  }
  if (stall.check(used))
    await end(current[0], `an endless loop: no turn ended in ${maxTurnMs} ms of CPU`)
  if (leaking[0] !== 0n) await end(leaking[0], `a leak: more than ${maxMemoryMb} MiB`)
}

/** Other hosts take over when the lease is gone, and do not serve the guild. */
async function end(guild: bigint | undefined, reason: string): Promise<void> {
  const report = async (): Promise<void> => {
    if (guild) await quarantine.put(String(guild), encodeJson({ v: 1, reason, at: Date.now() }))
    await leases.delete(leaseKey)
  }
  process.stderr.write(`the watchdog ends this process. Guild ${guild}: ${reason}\n`)
  await Promise.race([report().catch(() => {}), sleep(REPORT_TIMEOUT_MS)])
  process.kill(process.pid, 'SIGKILL')
}
