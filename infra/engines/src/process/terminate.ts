import { setTimeout as delay } from 'node:timers/promises'
import { isAlive, isSuspended, type ProcessIdentity } from './identity.ts'

export interface TerminateOptions {
  /**
   * Signal the whole process group: only for processes that were started as leaders of their own.
   */
  readonly group?: boolean
  /** How long SIGTERM may take before SIGKILL. */
  readonly graceMs?: number
}

const POLL_MS = 20
/**
 * A killed process is gone as soon as the system has freed its memory; longer means it hangs in the
 * kernel.
 */
const KILL_TIMEOUT_MS = 10_000

const HALT_TIMEOUT_MS = 5_000

/**
 * Ends exactly this process, gently if it listens. True when it is gone at return; a process
 * already gone is success.
 */
export async function terminate(
  identity: ProcessIdentity,
  options: TerminateOptions = {},
): Promise<boolean> {
  const { group = false, graceMs = 5_000 } = options
  if (!(await isAlive(identity))) return true
  // A stopped process takes no SIGTERM before it runs again.
  signal(identity.pid, 'SIGTERM', group)
  signal(identity.pid, 'SIGCONT', group)
  if (await exitsWithin(identity, graceMs)) return true
  signal(identity.pid, 'SIGKILL', group)
  return await exitsWithin(identity, KILL_TIMEOUT_MS)
}

/** False when there is no such process or it is not ours to signal. */
export function signal(pid: number, name: NodeJS.Signals, group: boolean): boolean {
  try {
    process.kill(group ? -pid : pid, name)
    return true
  } catch {
    return false
  }
}

/**
 * SIGSTOP to the group of a process. Returns once none of its threads runs any more: the signal is
 * taken in a moment of its own, and what is asked of a process meanwhile may still be done and
 * answered.
 */
export async function suspend(pid: number): Promise<void> {
  signal(pid, 'SIGSTOP', true)
  const until = Date.now() + HALT_TIMEOUT_MS
  while (Date.now() < until && !(await isSuspended(pid))) await delay(POLL_MS)
}

export async function exitsWithin(identity: ProcessIdentity, ms: number): Promise<boolean> {
  const until = Date.now() + ms
  while (await isAlive(identity)) {
    if (Date.now() >= until) return false
    await delay(POLL_MS)
  }
  return true
}
