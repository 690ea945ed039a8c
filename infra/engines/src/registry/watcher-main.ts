import { setTimeout as delay } from 'node:timers/promises'
import { exitsWithin } from '../process/terminate.ts'
import { sweep } from './sweep.ts'

/*
 * A watcher runs this when its owner is gone. It ends the owner's processes, and then itself. It
 * works for the cache that THRESHOLD_CACHE names. Nobody reads its output.
 */
const OWNER_GONE_TIMEOUT_MS = 30_000
const TIMEOUT_MS = 120_000
const PASSES = 5
const PAUSE_MS = 200

for (const signal of ['SIGHUP', 'SIGINT', 'SIGQUIT', 'SIGTERM']) process.on(signal, () => {})
setTimeout(() => process.exit(1), TIMEOUT_MS).unref()

const [pid, start = ''] = process.argv.slice(2)
// Files are closed before a process counts as ended: of one with a large heap, some time before.
await exitsWithin({ pid: Number(pid), start }, OWNER_GONE_TIMEOUT_MS)
for (let pass = 0; pass < PASSES; pass++) {
  const { ended, removed, problems } = await sweep()
  // Once more after a pass that found something: what it ended may have been starting a process.
  if (ended.length + removed.length + problems.length === 0) break
  await delay(PAUSE_MS)
}
