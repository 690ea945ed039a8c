import { exponentialWaitSeconds, type Random, randomBelow, seeded } from './random.ts'
import type { Group, Load } from './workload.ts'

export type PlannedAttempt = Readonly<{
  kind: 'send' | 'read'
  /** Milliseconds since the start of the load. */
  dueMs: number
  /** Index into all guilds of the load, in the order of its groups. */
  guild: number
  channel: number
  /** Index into the guild's online members. */
  author: number
  /** Length of the message in characters. */
  length: number
  /** Where in the channel's history a read begins: 0 is now, 1 is the oldest message. */
  ago: number
}>

/**
 * Computes the time of every send and read before the run. The load is open-loop: a slow stage does
 * not slow down its clients.
 *
 * A closed-loop generator sends the next message only after an answer. It leaves out exactly the
 * sends that would have waited longest, and makes an overloaded server look fast. This error is
 * called coordinated omission.
 */
export function schedule(load: Load): PlannedAttempt[] {
  let firstGuild = 0
  const plannedAttempts: PlannedAttempt[] = []
  for (const [index, group] of load.groups.entries()) {
    const first = firstGuild
    firstGuild += group.guilds
    if (group.guilds * group.online * group.channels === 0) continue
    for (const [kind, perSecond, burst] of [
      ['send', group.messagesPerSecond, group.burst ?? 1],
      ['read', group.readsPerSecond, 1],
    ] as const) {
      // Sends and reads have separate seeds, so that adding reads to a load does not move its
      // sends.
      const random = seeded(load.seed * 1_000_003 + index * 7 + (kind === 'send' ? 0 : 3))
      for (const dueMs of dueTimes(random, perSecond / burst, load.warmupSeconds + load.seconds)) {
        for (let n = 0; n < burst; n++)
          plannedAttempts.push({ kind, dueMs, ...randomAttempt(random, group, first) })
      }
    }
  }
  return plannedAttempts.sort((a, b) => a.dueMs - b.dueMs)
}

/** Yields the due times of a Poisson process. */
function* dueTimes(random: Random, perSecond: number, seconds: number): Generator<number> {
  if (perSecond <= 0) return
  for (
    let at = exponentialWaitSeconds(random, perSecond);
    at < seconds;
    at += exponentialWaitSeconds(random, perSecond)
  )
    yield at * 1_000
}

function randomAttempt(
  random: Random,
  group: Group,
  firstGuild: number,
): Omit<PlannedAttempt, 'kind' | 'dueMs'> {
  return {
    guild: firstGuild + randomBelow(random, group.guilds),
    channel: randomBelow(random, group.channels),
    author: randomBelow(random, group.online),
    // Most messages are short, and a few are long.
    length: 8 + Math.floor(-Math.log(1 - random()) * 50),
    ago: random(),
  }
}
