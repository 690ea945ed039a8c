import { execFile } from 'node:child_process'
import { readdir, readFile } from 'node:fs/promises'
import { promisify } from 'node:util'
import { identify, type ProcessIdentity } from './identity.ts'

const run = promisify(execFile)

/**
 * Set for everything that a run starts, and inherited by what that starts. It finds what was started in the instant before
 * its id was written down, and what outlived the process that was written down.
 */
export const RUN_VARIABLE = 'THRESHOLD_RUN'

/** Processes that carry the run's mark in their environment, or its folder, which no other has, in their command line. */
export async function processesOfRun(id: string, dir: string): Promise<ProcessIdentity[]> {
  const mark = `${RUN_VARIABLE}=${id}`
  const pids = process.platform === 'linux' ? await linuxMarked(mark, `${dir}/`) : await psMarked(mark, `${dir}/`)
  const found = await Promise.all(pids.filter((pid) => pid !== process.pid).map(identify))
  return found.filter((identity) => identity !== undefined)
}

async function linuxMarked(mark: string, argument: string): Promise<number[]> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name))
  const marked = await Promise.all(
    pids.map(async (pid) => {
      // Another user's process does not show its environment; it is none of ours either.
      const [command, environment] = await Promise.all(
        ['cmdline', 'environ'].map((file) => readFile(`/proc/${pid}/${file}`, 'utf8').catch(() => '')),
      )
      return command?.includes(argument) || environment?.split('\0').includes(mark) ? [Number(pid)] : []
    }),
  )
  return marked.flat()
}

/** `-E` appends the environment: macOS shows that of one's own processes. */
async function psMarked(mark: string, argument: string): Promise<number[]> {
  const { stdout } = await run('ps', ['-axEwwo', 'pid=,command='], { maxBuffer: 64 * 1024 * 1024 })
  return stdout
    .split('\n')
    .filter((line) => line.includes(argument) || line.split(' ').includes(mark))
    .map((line) => Number.parseInt(line, 10))
}
