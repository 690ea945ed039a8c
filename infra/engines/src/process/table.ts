import { execFile } from 'node:child_process'
import { readdir, readFile, readlink } from 'node:fs/promises'
import { basename } from 'node:path'
import { promisify } from 'node:util'
import { parseProcStat } from './proc-stat.ts'

/** A process of this machine, without its arguments: they may contain secrets. */
export interface ProcessEntry {
  readonly pid: number
  readonly parent: number
  /** Its name in the process list. Linux cuts it after 15 characters. */
  readonly command: string
  /** CPU time since it started, without its children's. */
  readonly cpuSeconds: number
  /** Resident memory. Undefined on Linux, where /proc/PID/status has it. */
  readonly memoryBytes?: number
}

/** All processes, of every user. */
export async function listProcesses(): Promise<ProcessEntry[]> {
  if (process.platform !== 'linux') return parsePs(await runPs())
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name))
  const stats = await Promise.all(
    // The process may have ended since.
    pids.map((pid) => readFile(`/proc/${pid}/stat`, 'utf8').catch(() => undefined)),
  )
  return stats.flatMap((stat) => {
    const parsed = stat === undefined ? undefined : parseProcStat(stat)
    if (parsed === undefined) return []
    const { pid, parent, command, cpuSeconds } = parsed
    return [{ pid, parent, command, cpuSeconds }]
  })
}

/** `-c` prints the name of the executable alone on macOS and BSD. */
const PS_ARGUMENTS = ['-A', '-c', '-o', 'pid=,ppid=,time=,rss=,comm=']
/** Fixed, since ps formats times by locale. */
const PS_ENVIRONMENT = { PATH: '/bin:/usr/bin', LC_ALL: 'C' }

async function runPs(): Promise<string> {
  const { stdout } = await promisify(execFile)('ps', PS_ARGUMENTS, {
    env: PS_ENVIRONMENT,
    maxBuffer: 16 * 1024 * 1024,
  })
  return stdout
}

export const parsePs = (output: string): ProcessEntry[] =>
  output.split('\n').flatMap((line) => {
    const [, pid, parent, time, kibibytes, command] =
      /^\s*(\d+)\s+(\d+)\s+(\S+)\s+(\d+)\s+(.+?)\s*$/.exec(line) ?? []
    if (time === undefined || command === undefined) return []
    return [
      {
        pid: Number(pid),
        parent: Number(parent),
        command: basename(command),
        cpuSeconds: secondsOf(time),
        memoryBytes: Number(kibibytes) * 1_024,
      },
    ]
  })

/** `[days-][hours:]minutes:seconds[.hundredths]`. */
function secondsOf(time: string): number {
  const [clock = '', days = '0'] = time.split('-').toReversed()
  return (
    clock.split(':').reduce((total, part) => total * 60 + Number(part), 0) + Number(days) * 86_400
  )
}

/** The processes that this one started, and those that they started, among these. */
export function descendantsOf(processes: readonly ProcessEntry[], root: number): Set<number> {
  const children = Map.groupBy(processes, ({ parent }) => parent)
  const found = new Set<number>()
  const waiting = [root]
  for (let pid = waiting.pop(); pid !== undefined; pid = waiting.pop())
    for (const child of children.get(pid) ?? []) {
      if (found.has(child.pid)) continue
      found.add(child.pid)
      waiting.push(child.pid)
    }
  return found
}

/**
 * The name of the program that a process runs, without its path. Threads may rename themselves, so
 * Linux' own name of a Node process is `MainThread`. A process of another user keeps that name.
 */
export async function programName({ pid, command }: ProcessEntry): Promise<string> {
  const path = await readlink(`/proc/${pid}/exe`).catch(() => '')
  return basename(path.replace(/ \(deleted\)$/, '')) || command
}
