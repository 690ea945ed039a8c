import PQueue from 'p-queue'

/**
 * Sessions that begin at a time. Each may load guilds from the database, so a mass reconnect must
 * not run a thousand of them at once.
 */
const MAX_CONCURRENT = 32
const WINDOW_MS = 100

/**
 * Runs the start of a session when its turn has come. `resume`: the session goes on here, which
 * costs less, and so it goes before all that begin anew.
 */
export type Admit = <T>(kind: 'identify' | 'resume', start: () => Promise<T>) => Promise<T>

/** Limits how many sessions begin at a time and in a second. The others wait for their turn. */
export function admission(perSecond = Number.POSITIVE_INFINITY): Admit {
  const interval = Math.max(WINDOW_MS, 1_000 / perSecond)
  const intervalCap = Math.round((perSecond * interval) / 1_000)
  const queue = new PQueue({ concurrency: MAX_CONCURRENT, interval, intervalCap })
  return (kind, start) => queue.add(start, { priority: kind === 'resume' ? 1 : 0 })
}
