import { execFile } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { promisify } from 'node:util'
import { identify, type ProcessIdentity } from './identity.ts'

const run = promisify(execFile)

/**
 * The environment variable that holds a registration's id. Every process of the registration has
 * it, and its children inherit it. It finds a process whose owner was killed before the process id
 * was written to the registry, and descendants that outlived the registered process.
 */
export const TAG_VARIABLE = 'THRESHOLD_RUN'

/**
 * The processes that carry the registration's tag in their environment, or its folder, whose name
 * is unique, in their command line.
 */
export async function taggedProcesses(id: string, dir: string): Promise<ProcessIdentity[]> {
  const tag = `${TAG_VARIABLE}=${id}`
  const pids =
    process.platform === 'linux' ? linuxTagged(tag, `${dir}/`) : await psTagged(tag, `${dir}/`)
  const found = await Promise.all(pids.filter((pid) => pid !== process.pid).map(identify))
  return found.filter((identity) => identity !== undefined)
}

/** Reads synchronously: the thread pool would read these hundreds of small files more slowly. */
function linuxTagged(tag: string, argument: string): number[] {
  const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name))
  const tagged = pids.filter(
    (pid) =>
      read(pid, 'cmdline').includes(argument) || read(pid, 'environ').split('\0').includes(tag),
  )
  return tagged.map(Number)
}

function read(pid: string, file: 'cmdline' | 'environ'): string {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'utf8')
  } catch {
    // It has exited, or it belongs to another user, so Threshold did not start it.
    return ''
  }
}

/** `-E` appends the environment, which macOS shows for the user's own processes. */
async function psTagged(tag: string, argument: string): Promise<number[]> {
  const { stdout } = await run('ps', ['-axEwwo', 'pid=,command='], { maxBuffer: 64 * 1024 * 1024 })
  return stdout
    .split('\n')
    .filter((line) => line.includes(argument) || line.split(' ').includes(tag))
    .map((line) => Number.parseInt(line, 10))
}
