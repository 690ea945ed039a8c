import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { WATCHER } from '../registry/watcher.ts'

const run = promisify(execFile)

/** The watchers that a process has started: one for each cache in which it has something open. */
export async function watchersOf(owner: number): Promise<number[]> {
  const { stdout } = await run('ps', ['-axwwo', 'pid=,ppid=,args='], { maxBuffer: 1 << 26 })
  return stdout.split('\n').flatMap((line) => {
    const [, pid, parent, command = ''] = /^\s*(\d+)\s+(\d+)\s+(.*)$/.exec(line) ?? []
    return Number(parent) === owner && command.includes(` ${WATCHER} `) ? [Number(pid)] : []
  })
}

/** SIGKILL to a process and to its watchers, so that everything it has started runs on. */
export async function killWithWatchers(owner: number): Promise<void> {
  // A halted owner starts no other watcher.
  process.kill(owner, 'SIGSTOP')
  for (const watcher of await watchersOf(owner)) process.kill(watcher, 'SIGKILL')
  process.kill(owner, 'SIGKILL')
}
