import { execFile } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { promisify } from 'node:util'
import { identify, type ProcessIdentity } from './identity.ts'

const run = promisify(execFile)

/**
 * Set for everything that a run starts, and inherited by what that starts. It finds what was
 * started in the instant before its id was written down, and what outlived the process that was
 * written down.
 */
export const TAG_VARIABLE = 'THRESHOLD_RUN'

/**
 * Processes that carry the run's mark in their environment, or its folder, which no other has, in
 * their command line.
 */
export async function taggedProcesses(id: string, dir: string): Promise<ProcessIdentity[]> {
  const mark = `${TAG_VARIABLE}=${id}`
  const pids =
    process.platform === 'linux' ? linuxTagged(mark, `${dir}/`) : await psTagged(mark, `${dir}/`)
  const found = await Promise.all(pids.filter((pid) => pid !== process.pid).map(identify))
  return found.filter((identity) => identity !== undefined)
}

/**
 * Without waiting: some hundred small files, which a pool of threads would only read more slowly.
 */
function linuxTagged(mark: string, argument: string): number[] {
  const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name))
  const marked = pids.filter(
    (pid) =>
      read(pid, 'cmdline').includes(argument) || read(pid, 'environ').split('\0').includes(mark),
  )
  return marked.map(Number)
}

function read(pid: string, file: 'cmdline' | 'environ'): string {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'utf8')
  } catch {
    // It has ended, or belongs to another user, whose processes are none of ours.
    return ''
  }
}

/** `-E` appends the environment: macOS shows that of one's own processes. */
async function psTagged(mark: string, argument: string): Promise<number[]> {
  const { stdout } = await run('ps', ['-axEwwo', 'pid=,command='], { maxBuffer: 64 * 1024 * 1024 })
  return stdout
    .split('\n')
    .filter((line) => line.includes(argument) || line.split(' ').includes(mark))
    .map((line) => Number.parseInt(line, 10))
}
