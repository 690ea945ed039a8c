import { isAliveSync, type ProcessIdentity } from '../process/identity.ts'
import { signal } from '../process/terminate.ts'
import type { RegistryEntry } from './registry.ts'

const openEntries = new Set<() => RegistryEntry>()
let listening = false

/**
 * An exit by an exception or by `process.exit` ends the process of the entry at once. A signal that
 * ends this process runs nothing of ours; the watcher ends what is left then, and removes the files
 * in either case.
 */
export function endOnExit(entry: () => RegistryEntry): () => void {
  if (!listening) process.once('exit', () => void endStarted())
  listening = true
  openEntries.add(entry)
  return () => openEntries.delete(entry)
}

/**
 * Describes, for a person, the processes and containers that this process has started and not
 * stopped yet.
 */
export function describeStarted(): string[] {
  const containers = [...openEntries].flatMap((read) =>
    read().dockerHost === undefined ? [] : read().text,
  )
  return [...started().map(({ entry, process: { pid } }) => describe(entry, pid)), ...containers]
}

/**
 * Ends all of it as its entry says, or by SIGKILL; returns what it ended, in the same words. Waits
 * for nothing: in the last moment of a process nothing asynchronous happens any more.
 */
export function endStarted({ atOnce = false } = {}): string[] {
  return started().flatMap(({ entry, process: identity }) => {
    const how = atOnce || entry.onExit === 'kill' ? 'SIGKILL' : 'SIGTERM'
    // A child that ended is collected at once, and its id may be another process's by now.
    const ended = isAliveSync(identity) && signal(identity.pid, how, entry.group)
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
