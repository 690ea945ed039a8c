import { rmSync } from 'node:fs'
import { isAliveNow } from '../process/identity.ts'
import { signal } from '../process/terminate.ts'
import type { RunEntry } from './registry.ts'

/**
 * How a process goes when its owner exits without stopping it: `ask` sends SIGTERM and leaves the entry for the next
 * sweep to make sure; `end` sends SIGKILL and removes all, right for an engine whose data is thrown away.
 */
export type Ending = 'ask' | 'end'

interface Left {
  readonly entry: RunEntry
  readonly dir: string
  readonly file: string
}

const open = new Map<() => Left, Ending>()
let listening = false

/** An exit by exception or `process.exit` runs this. What a signal ends runs nothing; that is what the sweep is for. */
export function endWithThisProcess(left: () => Left, ending: Ending): () => void {
  if (!listening) process.once('exit', endAll)
  listening = true
  open.set(left, ending)
  return () => open.delete(left)
}

/** The last moment of a process: nothing asynchronous happens any more. */
function endAll(): void {
  for (const [left, ending] of open) {
    const { entry, dir, file } = left()
    const child = entry.process
    // A child that ended is collected at once, and its id may be somebody else's by now.
    if (child !== undefined && child.pid !== process.pid && isAliveNow(child))
      signal(child.pid, ending === 'end' ? 'SIGKILL' : 'SIGTERM', entry.group)
    if (ending === 'ask' || entry.dockerHost !== undefined) continue
    try {
      rmSync(dir, { recursive: true, force: true, maxRetries: 5 })
      rmSync(file, { force: true })
    } catch {
      // The engine may be writing its last file. The entry is still there, and the next sweep takes both.
    }
  }
}
