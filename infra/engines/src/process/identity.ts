import { execFile } from 'node:child_process'
import { readdir, readFile } from 'node:fs/promises'
import { promisify } from 'node:util'

const run = promisify(execFile)

/**
 * A process id alone names nothing for long: the system gives it out again. Id and start time together name one process
 * for ever, so that what is ended by them is never a stranger.
 */
export interface ProcessIdentity {
  readonly pid: number
  /** Opaque; equal only for the same process. */
  readonly start: string
}

/** The process that has this id now; undefined when there is none, or only a zombie that nobody has collected yet. */
export async function identify(pid: number): Promise<ProcessIdentity | undefined> {
  if (!Number.isSafeInteger(pid) || pid <= 0) return undefined
  const start = process.platform === 'linux' ? await linuxStart(pid) : await psStart(pid)
  return start === undefined ? undefined : { pid, start }
}

export async function isAlive(identity: ProcessIdentity): Promise<boolean> {
  return (await identify(identity.pid))?.start === identity.start
}

let bootId: Promise<string> | undefined

async function linuxStart(pid: number): Promise<string | undefined> {
  try {
    const stat = await readFile(`/proc/${pid}/stat`, 'utf8')
    // The second field is the command in brackets and may hold spaces and brackets; what follows the last one is regular.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    const [state] = fields
    const ticks = fields[19] // field 22 of proc(5): start time in clock ticks since boot
    if (state === 'Z' || state === 'X' || ticks === undefined) return undefined
    // Ticks count from boot, so the same pair may come again after a restart of the machine.
    bootId ??= readFile('/proc/sys/kernel/random/boot_id', 'utf8').then((id) => id.trim())
    return `${await bootId}:${ticks}`
  } catch {
    return undefined
  }
}

async function psStart(pid: number): Promise<string | undefined> {
  try {
    const { stdout } = await run('ps', ['-o', 'state=,lstart=', '-p', String(pid)])
    const line = stdout.trim()
    return line === '' || line.startsWith('Z') ? undefined : line.slice(line.indexOf(' ')).trim()
  } catch {
    return undefined
  }
}

/** Processes whose command line holds `text`: finds what was started in the instant before its id was written down. */
export async function processesMentioning(text: string): Promise<ProcessIdentity[]> {
  const pids = process.platform === 'linux' ? await linuxMentioning(text) : await psMentioning(text)
  const found = await Promise.all(pids.filter((pid) => pid !== process.pid).map(identify))
  return found.filter((identity) => identity !== undefined)
}

async function linuxMentioning(text: string): Promise<number[]> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name))
  const lines = await Promise.all(
    pids.map(async (pid) => {
      const line = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')
      return line.includes(text) ? [Number(pid)] : []
    }),
  )
  return lines.flat()
}

async function psMentioning(text: string): Promise<number[]> {
  const { stdout } = await run('ps', ['-axo', 'pid=,command='], { maxBuffer: 16 * 1024 * 1024 })
  return stdout
    .split('\n')
    .filter((line) => line.includes(text))
    .map((line) => Number.parseInt(line, 10))
}
