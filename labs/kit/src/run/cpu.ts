import { readdirSync, readFileSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { cpus } from 'node:os'
import { parseProcStat } from '@threshold/engines'

/** CPU seconds that the whole machine has used since it started. */
export function machineCpuSeconds(): number {
  return (
    cpus().reduce((sum, { times }) => sum + times.user + times.nice + times.sys + times.irq, 0) /
    1_000
  )
}

/**
 * Number of tasks that run, are ready to run or wait for a disk at this moment, without the caller.
 * Undefined if the system does not report it.
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

/**
 * CPU seconds that a process has used. Undefined if it ended, or if the system does not report it.
 */
export async function processCpuSeconds(pid: number): Promise<number | undefined> {
  try {
    return parseProcStat(await readFile(`/proc/${pid}/stat`, 'utf8'))?.cpuSeconds
  } catch {
    return undefined
  }
}

/**
 * CPU seconds that this process and its children have used, including children that have ended.
 * Undefined if the system does not report it.
 *
 * The function is synchronous on purpose. Node reaps a child between two turns of the event loop,
 * so within one turn no child is counted twice or missed.
 */
export function processTreeCpuSeconds(): number | undefined {
  try {
    // Linux lists children by the thread that started them.
    const threads = readdirSync('/proc/self/task').map((thread) =>
      readFileSync(`/proc/self/task/${thread}/children`, 'utf8'),
    )
    const children = threads.flatMap((pids) => pids.split(' ').filter((pid) => pid.trim() !== ''))
    const seconds = ['self', ...children].reduce((sum, pid) => {
      const stat = parseProcStat(readFileSync(`/proc/${pid}/stat`, 'utf8'))!
      return sum + stat.cpuSeconds + stat.endedChildrenCpuSeconds
    }, 0)
    // Linux counts hundredths. Without rounding, the order of the sum could show as a decrease.
    return Math.round(seconds * 100) / 100
  } catch {
    return undefined
  }
}

/**
 * Resident memory of a process in bytes. Undefined if it ended, or if the system does not report
 * it.
 */
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
