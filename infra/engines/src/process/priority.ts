import { readdir, readFile, writeFile } from 'node:fs/promises'
import { constants, setPriority } from 'node:os'
import { setTimeout as delay } from 'node:timers/promises'
import { watcherPids } from '../registry/watcher.ts'

/**
 * A nice value: one like it has a ninth of the CPU of an ordinary process that wants the same core.
 */
export const LOWERED = constants.priority.PRIORITY_BELOW_NORMAL
/** Linux takes a new value for a session's share ten times a second at most. */
const AGAIN_MS = 110
const TRIES = 5

/**
 * Lowers a process behind ourselves and all that is ordinary, which takes no privilege. Never
 * rejects: a system that has no such thing, or a process that ended, leaves everything as it was.
 */
export async function lowerPriority(pid: number): Promise<void> {
  // At once: a program that has just started has no other thread yet.
  renice(pid)
  // Linux holds a nice value for each thread, and those of an engine that runs are many; who is
  // started later inherits it.
  const threads = await readdir(`/proc/${pid}/task`).catch(() => [])
  for (const thread of threads) renice(Number(thread))
  await lowerAutogroup(pid).catch(() => {})
}

function renice(thread: number): void {
  try {
    setPriority(thread, LOWERED)
  } catch {
    // It has ended.
  }
}

/**
 * Where Linux groups processes by their session (sched_autogroup of sched(7)) nice values count
 * within one alone, and a session has a value of its own. Who shares our session stays in it as it
 * is.
 */
async function lowerAutogroup(pid: number): Promise<void> {
  const autogroup = `/proc/${pid}/autogroup`
  if (
    autogroupName(await readFile(autogroup, 'utf8')) ===
    autogroupName(await readFile('/proc/self/autogroup', 'utf8'))
  )
    return
  for (let attempt = 1; attempt <= TRIES; attempt++) {
    try {
      return await writeFile(autogroup, String(LOWERED))
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') throw error
      await delay(AGAIN_MS)
    }
  }
}

/** Of `/autogroup-25 nice 0`. */
const autogroupName = (autogroup: string): string => autogroup.split(' ')[0]!

/**
 * The processes that this one has started and that have not ended, without its watchers. Linux
 * tells (proc(5)); elsewhere there are none.
 */
export async function childProcesses(): Promise<number[]> {
  // Each thread has those that it started.
  const threads = await readdir('/proc/self/task').catch(() => [])
  const lists = await Promise.all(
    threads.map((thread) => readFile(`/proc/self/task/${thread}/children`, 'utf8').catch(() => '')),
  )
  const pids = lists.flatMap((list) => list.split(' ').filter((pid) => pid.trim() !== ''))
  const watchers = watcherPids()
  return pids.map(Number).filter((pid) => !watchers.includes(pid))
}
