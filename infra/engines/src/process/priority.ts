import { readdir, readFile, writeFile } from 'node:fs/promises'
import { constants, setPriority } from 'node:os'
import { setTimeout as delay } from 'node:timers/promises'
import { watcherPids } from '../registry/watcher.ts'

/** A nice value of 10: a ninth of the CPU time of an ordinary process on the same core. */
export const LOWERED = constants.priority.PRIORITY_BELOW_NORMAL
/** Linux accepts a new autogroup value at most ten times a second. */
const RETRY_MS = 110
const TRIES = 5

/**
 * Gives a process less CPU time than this one and all ordinary processes. This takes no privilege.
 * Never rejects: nothing changes if the system has no priorities or the process has exited.
 */
export async function lowerPriority(pid: number): Promise<void> {
  // First without reading the threads: a program that has just started has only one.
  renice(pid)
  // Linux keeps a nice value for each thread, and a running engine has many threads. Threads that
  // start later inherit it.
  const threads = await readdir(`/proc/${pid}/task`).catch(() => [])
  for (const thread of threads) renice(Number(thread))
  await lowerAutogroup(pid).catch(() => {})
}

function renice(thread: number): void {
  try {
    setPriority(thread, LOWERED)
  } catch {
    // The thread has ended.
  }
}

/**
 * Linux with autogroups (sched(7)) compares nice values only within a session, and each session has
 * a value of its own. A process in the session of this process is left as it is.
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
      await delay(RETRY_MS)
    }
  }
}

/** `/autogroup-25` of `/autogroup-25 nice 0`. */
const autogroupName = (autogroup: string): string => autogroup.split(' ')[0]!

/**
 * The running children of this process, except its watchers. Linux lists them in proc(5); on other
 * systems the result is empty.
 */
export async function childProcesses(): Promise<number[]> {
  // Linux lists the children by the thread that started them.
  const threads = await readdir('/proc/self/task').catch(() => [])
  const lists = await Promise.all(
    threads.map((thread) => readFile(`/proc/self/task/${thread}/children`, 'utf8').catch(() => '')),
  )
  const pids = lists.flatMap((list) => list.split(' ').filter((pid) => pid.trim() !== ''))
  const watchers = watcherPids()
  return pids.map(Number).filter((pid) => !watchers.includes(pid))
}
