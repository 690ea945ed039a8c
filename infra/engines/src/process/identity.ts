import { execFile, execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { readdir, readFile } from 'node:fs/promises'
import { promisify } from 'node:util'
import { parseProcStat } from './proc-stat.ts'

// No time limit, unlike runProbe: a slow ps must not make a process count as gone.
const run = promisify(execFile)

/**
 * The system reuses process ids. An id and a start time together name one process for ever, so a
 * process that is ended by its identity is never an unrelated one.
 */
export interface ProcessIdentity {
  readonly pid: number
  /** Opaque; equal only for the same process. */
  readonly start: string
}

/** The process that has this id now; undefined if there is none or it is a zombie. */
export async function identify(pid: number): Promise<ProcessIdentity | undefined> {
  if (!Number.isSafeInteger(pid) || pid <= 0) return undefined
  try {
    const start =
      process.platform === 'linux'
        ? linuxStart(await readFile(`/proc/${pid}/stat`, 'utf8'))
        : psStart((await run('ps', psArguments(pid), PS_OPTIONS)).stdout)
    return start === undefined ? undefined : { pid, start }
  } catch {
    return undefined
  }
}

export async function isAlive(identity: ProcessIdentity): Promise<boolean> {
  return (await identify(identity.pid))?.start === identity.start
}

/** The synchronous form, for an `exit` handler. */
export function isAliveSync({ pid, start }: ProcessIdentity): boolean {
  try {
    return process.platform === 'linux'
      ? linuxStart(readFileSync(`/proc/${pid}/stat`, 'utf8')) === start
      : psStart(execFileSync('ps', psArguments(pid), { ...PS_OPTIONS, encoding: 'utf8' })) === start
  } catch {
    return false
  }
}

/** Whether none of its threads runs, because it was stopped or is gone. */
export async function isSuspended(pid: number): Promise<boolean> {
  try {
    if (process.platform !== 'linux')
      return /^T/.test((await run('ps', ['-o', 'state=', '-p', String(pid)], PS_OPTIONS)).stdout)
    const threads = await readdir(`/proc/${pid}/task`)
    const stats = threads.map(async (id) =>
      parseProcStat(await readFile(`/proc/${pid}/task/${id}/stat`, 'utf8')),
    )
    return (await Promise.all(stats)).every((stat) => 'TtXZ'.includes(stat!.state))
  } catch {
    return (await identify(pid)) === undefined
  }
}

let bootId: string | undefined

function linuxStart(stat: string): string | undefined {
  const parsed = parseProcStat(stat)
  if (parsed === undefined) return undefined
  const { state, threads, startTicks } = parsed
  // The first thread of a killed process may be a zombie while others still hold ports and files.
  if (state === 'X' || (state === 'Z' && !(threads > 1))) return undefined
  // Ticks count from boot, so the same id and ticks may occur again after a reboot.
  bootId ??= readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()
  return `${bootId}:${startTicks}`
}

const psArguments = (pid: number): string[] => ['-o', 'state=,lstart=', '-p', String(pid)]

/**
 * ps formats times by locale and time zone. Both are fixed here, since the same process would
 * otherwise have another start time in another terminal.
 */
const PS_OPTIONS = { env: { PATH: '/bin:/usr/bin', LC_ALL: 'C', TZ: 'UTC' } } as const

function psStart(stdout: string): string | undefined {
  const line = stdout.trim()
  return line === '' || line.startsWith('Z') ? undefined : line.slice(line.indexOf(' ')).trim()
}
