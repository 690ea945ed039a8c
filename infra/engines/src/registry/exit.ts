import { isAliveSync, type ProcessIdentity } from '../process/identity.ts'
import { signal } from '../process/terminate.ts'
import type { RegistryEntry } from './registry.ts'

const openEntries = new Set<() => RegistryEntry>()
let listening = false

/**
 * Ends the entry's process when this process exits by an exception or by `process.exit`. If a
 * signal ends this process, no handler runs and the watcher ends the entry's process. The watcher
 * removes the files in both cases. Call the result once the entry's process is closed.
 */
export function endOnExit(entry: () => RegistryEntry): () => void {
  if (!listening) process.once('exit', () => void endStarted())
  listening = true
  openEntries.add(entry)
  return () => openEntries.delete(entry)
}

/** One description for each process and container that this process has started and not stopped. */
export function describeStarted(): string[] {
  const containers = [...openEntries].flatMap((read) =>
    read().dockerHost === undefined ? [] : read().text,
  )
  return [...started().map(({ entry, process: { pid } }) => describe(entry, pid)), ...containers]
}

/**
 * Signals all processes that this process has started: as their entries say, or by SIGKILL with
 * `atOnce`. Returns descriptions of the signalled processes. Synchronous, for an `exit` handler.
 */
export function endStarted({ atOnce = false } = {}): string[] {
  return started().flatMap(({ entry, process: identity }) => {
    const name = atOnce || entry.onExit === 'kill' ? 'SIGKILL' : 'SIGTERM'
    // A child that exited is reaped at once, and another process may have its id by now.
    const ended = isAliveSync(identity) && signal(identity.pid, name, entry.group)
    return ended ? [describe(entry, identity.pid)] : []
  })
}

function started(): { entry: RegistryEntry; process: ProcessIdentity }[] {
  return [...openEntries].flatMap((read) => {
    const entry = read()
    const { process: identity } = entry
    return identity === undefined || identity.pid === process.pid
      ? []
      : [{ entry, process: identity }]
  })
}

const describe = (entry: RegistryEntry, pid: number): string => `${entry.text} (process ${pid})`
