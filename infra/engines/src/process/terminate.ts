import { isAlive, isSuspended, type ProcessIdentity } from './identity.ts'
import { waitUntil } from './wait-until.ts'

export interface TerminateOptions {
  /** Signals the whole process group. The process must be the leader of its own group. */
  readonly group?: boolean
  /** Time between SIGTERM and SIGKILL. */
  readonly graceMs?: number
}

const POLL_MS = 20
/**
 * The system frees a killed process's memory first. A process that takes longer hangs in the
 * kernel.
 */
const KILL_TIMEOUT_MS = 10_000
const SUSPEND_TIMEOUT_MS = 5_000

/**
 * Ends exactly this process, first by SIGTERM, then by SIGKILL. Returns true once the process is
 * gone, also if it was gone before; false if it survived SIGKILL.
 */
export async function terminate(
  identity: ProcessIdentity,
  options: TerminateOptions = {},
): Promise<boolean> {
  const { group = false, graceMs = 5_000 } = options
  if (!(await isAlive(identity))) return true
  signal(identity.pid, 'SIGTERM', group)
  // A suspended process handles SIGTERM only after it continues.
  signal(identity.pid, 'SIGCONT', group)
  if (await exitsWithin(identity, graceMs)) return true
  signal(identity.pid, 'SIGKILL', group)
  return await exitsWithin(identity, KILL_TIMEOUT_MS)
}

/** Returns false if there is no such process or this user may not signal it. */
export function signal(pid: number, name: NodeJS.Signals, group: boolean): boolean {
  try {
    process.kill(group ? -pid : pid, name)
    return true
  } catch {
    return false
  }
}

/**
 * Sends SIGSTOP to the process group and returns once none of the process's threads runs. The
 * signal takes effect a moment after it is sent; until then the process may still answer requests.
 */
export async function suspend(pid: number): Promise<void> {
  signal(pid, 'SIGSTOP', true)
  await waitUntil(() => isSuspended(pid), { intervalMs: POLL_MS, timeoutMs: SUSPEND_TIMEOUT_MS })
}

export const exitsWithin = (identity: ProcessIdentity, timeoutMs: number): Promise<boolean> =>
  waitUntil(async () => !(await isAlive(identity)), { intervalMs: POLL_MS, timeoutMs })
