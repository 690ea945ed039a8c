import { readdirSync, readFileSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { cpus } from 'node:os'

/** Seconds of CPU that this whole machine has spent on anything since it started. */
export function machineCpuSeconds(): number {
  return (
    cpus().reduce((sum, { times }) => sum + times.user + times.nice + times.sys + times.irq, 0) /
    1_000
  )
}

/**
 * Tasks of this machine that run, or would if they could, or wait for a disk, in this moment and
 * without the one that asks; undefined as below.
 */
export async function runnableTasks(): Promise<number | undefined> {
  try {
    const [, running, blocked] =
      /^procs_running (\d+)\nprocs_blocked (\d+)/m.exec(await readFile('/proc/stat', 'utf8')) ?? []
    return running === undefined ? undefined : Number(running) + Number(blocked) - 1
  } catch {
    return undefined
  }
}

/** Linux counts a process's time in hundredths of a second, whatever the kernel's own tick is. */
const TICKS_PER_SECOND = 100

/**
 * Seconds of CPU that a process has used; undefined where the system does not say, or it is gone.
 */
export async function processCpuSeconds(pid: number): Promise<number | undefined> {
  try {
    const { own } = parseCpuTimes(await readFile(`/proc/${pid}/stat`, 'utf8'))
    return own
  } catch {
    return undefined
  }
}

/**
 * Seconds of CPU that this process and those it started have used; undefined where the system does
 * not say. What one of them had used when it ended stays in: it is then in its parent's account.
 * All is read in one go, and not by the way: the end of a process is noticed between two turns of
 * the event loop, so within one turn nobody can be counted twice, or not at all.
 */
export function processTreeCpuSeconds(): number | undefined {
  try {
    // Each thread has the processes that it started.
    const threads = readdirSync('/proc/self/task').map((thread) =>
      readFileSync(`/proc/self/task/${thread}/children`, 'utf8'),
    )
    const children = threads.flatMap((pids) => pids.split(' ').filter((pid) => pid.trim() !== ''))
    return ['self', ...children].reduce((sum, pid) => {
      const { own, ended } = parseCpuTimes(readFileSync(`/proc/${pid}/stat`, 'utf8'))
      return sum + own + ended
    }, 0)
  } catch {
    return undefined
  }
}

/**
 * Of proc(5): its own time (utime, stime), and that of those it started which have ended (cutime,
 * cstime). In seconds.
 */
function parseCpuTimes(stat: string): { readonly own: number; readonly ended: number } {
  // The second field is the command in brackets, and may hold spaces and brackets itself.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  const [user = 0, system = 0, endedUser = 0, endedSystem = 0] = fields.slice(11, 15).map(Number)
  return {
    own: (user + system) / TICKS_PER_SECOND,
    ended: (endedUser + endedSystem) / TICKS_PER_SECOND,
  }
}

/** Memory that a process holds now (resident set); undefined as above. */
export async function processMemoryBytes(pid: number): Promise<number | undefined> {
  try {
    const [, kibibytes] =
      /^VmRSS:\s+(\d+) kB/m.exec(await readFile(`/proc/${pid}/status`, 'utf8')) ?? []
    return kibibytes === undefined ? undefined : Number(kibibytes) * 1_024
  } catch {
    return undefined
  }
}

export const ownCpuSeconds = (): number => {
  const { user, system } = process.cpuUsage()
  return (user + system) / 1_000_000
}
