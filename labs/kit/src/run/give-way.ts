import { readdir, readFile, writeFile } from 'node:fs/promises'
import { constants, setPriority } from 'node:os'
import { setTimeout as delay } from 'node:timers/promises'
import { processesOf } from './look.ts'
import type { System } from './system.ts'

/** A nice value: one like it has a ninth of the CPU of an ordinary process that wants the same core. */
export const GIVES_WAY = constants.priority.PRIORITY_BELOW_NORMAL
/** Linux takes a new value for a session's share ten times a second at most. */
const AGAIN_MS = 110
const TRIES = 5

/**
 * Lets a stage and its engines stand behind the load generator. It is the clock of a lab and all but idle; yet on two cores, with
 * thirty threads of a database beside it, a fair scheduler let it wait up to 200 ms for its turn, and its schedule was no
 * schedule. On a machine of its own it would never wait. What is measured gives way by the same amount all of it, so nothing
 * changes between a stage and its engine. Call it again and those who came since (a node that joined, a stage restarted) follow.
 */
export function givingWay(system: System): () => Promise<void> {
  const done = new Set<number>()
  return async () => {
    const news = processesOf(system).filter((pid) => !done.has(pid))
    for (const pid of news) done.add(pid)
    await Promise.all(news.map(standBehind))
  }
}

/** Never rejects: a system that has no such thing, or a process that ended, leaves a lab as it would be without. */
export async function standBehind(pid: number): Promise<void> {
  // Linux holds a nice value for each thread, and those of an engine that runs are many; who is started later inherits it.
  const threads = await readdir(`/proc/${pid}/task`).catch(() => [String(pid)])
  for (const thread of threads) lower(Number(thread))
  await lowerSession(pid).catch(() => {})
}

function lower(thread: number): void {
  try {
    setPriority(thread, GIVES_WAY)
  } catch {
    // It has ended.
  }
}

/**
 * Where Linux groups processes by their session (sched_autogroup of sched(7)) nice values count within one alone, and a session
 * has a value of its own. The generator's session is ours: who shares it stays in it as it is.
 */
async function lowerSession(pid: number): Promise<void> {
  const session = `/proc/${pid}/autogroup`
  if (nameOf(await readFile(session, 'utf8')) === nameOf(await readFile('/proc/self/autogroup', 'utf8'))) return
  for (let attempt = 1; attempt <= TRIES; attempt++) {
    try {
      return await writeFile(session, String(GIVES_WAY))
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') throw error
      await delay(AGAIN_MS)
    }
  }
}

/** Of `/autogroup-25 nice 0`. */
const nameOf = (autogroup: string): string => autogroup.split(' ')[0]!
