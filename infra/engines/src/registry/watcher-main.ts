import { setTimeout as delay } from 'node:timers/promises'
import { exitsWithin } from '../process/terminate.ts'
import { sweep } from './sweep.ts'

/*
 * The watcher runs this program when its owner is gone. It ends the owner's processes in the cache
 * that THRESHOLD_CACHE names, and exits. Its output is discarded.
 */
const OWNER_EXIT_TIMEOUT_MS = 30_000
const TIMEOUT_MS = 120_000
const PASSES = 5
const PAUSE_MS = 200

for (const signal of ['SIGHUP', 'SIGINT', 'SIGQUIT', 'SIGTERM']) process.on(signal, () => {})
setTimeout(() => process.exit(1), TIMEOUT_MS).unref()

const [pid, start = ''] = process.argv.slice(2)
// The pipe closes before the process counts as gone. The difference is long for a process with a
// large heap.
await exitsWithin({ pid: Number(pid), start }, OWNER_EXIT_TIMEOUT_MS)
for (let pass = 0; pass < PASSES; pass++) {
  const { ended, removed, problems } = await sweep()
  // An ended process may just have started another one, so a pass that found something is repeated.
  if (ended.length + removed.length + problems.length === 0) break
  await delay(PAUSE_MS)
}
