import { readFile } from 'node:fs/promises'
import { cpus } from 'node:os'

/** Seconds of CPU that this whole machine has spent on anything since it started. */
export function machineCpuSeconds(): number {
  return cpus().reduce((sum, { times }) => sum + times.user + times.nice + times.sys + times.irq, 0) / 1_000
}

/** Tasks of this machine that run, or would if they could, or wait for a disk, in this moment and without the one that asks; undefined as below. */
export async function tasksAtWork(): Promise<number | undefined> {
  try {
    const [, running, blocked] = /^procs_running (\d+)\nprocs_blocked (\d+)/m.exec(await readFile('/proc/stat', 'utf8')) ?? []
    return running === undefined ? undefined : Number(running) + Number(blocked) - 1
  } catch {
    return undefined
  }
}

/** Linux counts a process's time in hundredths of a second, whatever the kernel's own tick is. */
const TICKS_PER_SECOND = 100

/** Seconds of CPU that a process has used; undefined where the system does not say, or it is gone. */
export async function processCpuSeconds(pid: number): Promise<number | undefined> {
  try {
    const stat = await readFile(`/proc/${pid}/stat`, 'utf8')
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND // utime, stime of proc(5)
  } catch {
    return undefined
  }
}

/** Memory that a process holds now (resident set); undefined as above. */
export async function processMemoryBytes(pid: number): Promise<number | undefined> {
  try {
    const [, kibibytes] = /^VmRSS:\s+(\d+) kB/m.exec(await readFile(`/proc/${pid}/status`, 'utf8')) ?? []
    return kibibytes === undefined ? undefined : Number(kibibytes) * 1_024
  } catch {
    return undefined
  }
}

export const ownCpuSeconds = (): number => {
  const { user, system } = process.cpuUsage()
  return (user + system) / 1_000_000
}
