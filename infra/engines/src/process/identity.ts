import { execFile, execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { readdir, readFile } from 'node:fs/promises'
import { promisify } from 'node:util'

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
    const states = threads.map(async (id) =>
      stateOf(await readFile(`/proc/${pid}/task/${id}/stat`, 'utf8')),
    )
    return (await Promise.all(states)).every((state) => 'TtXZ'.includes(state))
  } catch {
    return (await identify(pid)) === undefined
  }
}

let bootId: string | undefined

/**
 * Splits the fields of /proc/PID/stat from the third on. The second one, the command in brackets,
 * may itself contain spaces and brackets.
 */
const fieldsOf = (stat: string): string[] => stat.slice(stat.lastIndexOf(')') + 2).split(' ')
const stateOf = (stat: string): string => fieldsOf(stat)[0]!

function linuxStart(stat: string): string | undefined {
  const fields = fieldsOf(stat)
  const [state] = fields
  const threads = Number(fields[17]) // field 20 of proc(5)
  const ticks = fields[19] // field 22: start time in clock ticks since boot
  // The first thread of a killed process may be a zombie while others still hold ports and files.
  const exited = state === 'X' || (state === 'Z' && !(threads > 1))
  if (exited || ticks === undefined) return undefined
  // Ticks count from boot, so the same id and ticks may occur again after a reboot.
  bootId ??= readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()
  return `${bootId}:${ticks}`
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
