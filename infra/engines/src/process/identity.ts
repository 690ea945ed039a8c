import { execFile, execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { readdir, readFile } from 'node:fs/promises'
import { promisify } from 'node:util'

const run = promisify(execFile)

/**
 * A process id alone names nothing for long: the system gives it out again. Id and start time
 * together name one process for ever, so that what is ended by them is never a stranger.
 */
export interface ProcessIdentity {
  readonly pid: number
  /** Opaque; equal only for the same process. */
  readonly start: string
}

/**
 * The process that has this id now; undefined when there is none, or only a zombie that nobody has
 * collected yet.
 */
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

/** For the last moment of a process, when nothing can be waited for any more. */
export function isAliveSync({ pid, start }: ProcessIdentity): boolean {
  try {
    return process.platform === 'linux'
      ? linuxStart(readFileSync(`/proc/${pid}/stat`, 'utf8')) === start
      : psStart(execFileSync('ps', psArguments(pid), { ...PS_OPTIONS, encoding: 'utf8' })) === start
  } catch {
    return false
  }
}

/** Whether no thread of it runs: it was stopped, or is gone. */
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
 * The second field is the command in brackets and may hold spaces and brackets; what follows the
 * last one is regular.
 */
const fieldsOf = (stat: string): string[] => stat.slice(stat.lastIndexOf(')') + 2).split(' ')
const stateOf = (stat: string): string => fieldsOf(stat)[0]!

function linuxStart(stat: string): string | undefined {
  const fields = fieldsOf(stat)
  const [state] = fields
  const threads = Number(fields[17]) // field 20 of proc(5)
  const ticks = fields[19] // field 22: start time in clock ticks since boot
  // The first thread of a killed process may be gone while others still hold its ports and files.
  const over = state === 'X' || (state === 'Z' && !(threads > 1))
  if (over || ticks === undefined) return undefined
  // Ticks count from boot, so the same pair may come again after a restart of the machine.
  bootId ??= readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()
  return `${bootId}:${ticks}`
}

const psArguments = (pid: number): string[] => ['-o', 'state=,lstart=', '-p', String(pid)]

/**
 * It writes times as the reader's country does: one process would have one start in one terminal
 * and another in the next.
 */
const PS_OPTIONS = { env: { PATH: '/bin:/usr/bin', LC_ALL: 'C', TZ: 'UTC' } } as const

function psStart(stdout: string): string | undefined {
  const line = stdout.trim()
  return line === '' || line.startsWith('Z') ? undefined : line.slice(line.indexOf(' ')).trim()
}
