import { runProbe } from '../process/probe.ts'
import { WATCHER } from '../registry/watcher.ts'

/** The watchers that a process has started: one for each cache with its registrations. */
export async function watchersOf(owner: number): Promise<number[]> {
  const { stdout } = await runProbe('ps', ['-axwwo', 'pid=,ppid=,args='])
  return stdout.split('\n').flatMap((line) => {
    const [, pid, parent, command = ''] = /^\s*(\d+)\s+(\d+)\s+(.*)$/.exec(line) ?? []
    return Number(parent) === owner && command.includes(` ${WATCHER} `) ? [Number(pid)] : []
  })
}

/** Kills a process and its watchers, so that the processes it has started keep running. */
export async function killWithWatchers(owner: number): Promise<void> {
  // A stopped owner cannot start another watcher.
  process.kill(owner, 'SIGSTOP')
  for (const watcher of await watchersOf(owner)) process.kill(watcher, 'SIGKILL')
  process.kill(owner, 'SIGKILL')
}
