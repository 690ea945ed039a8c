import { exponentialWaitSeconds, type Random, randomBelow, seeded } from './random.ts'
import type { Group, Load } from './workload.ts'

export type Arrival = Readonly<{
  kind: 'send' | 'read'
  /** Milliseconds after the start of the load. */
  dueMs: number
  /** Index among all guilds of the load, in the order of its groups. */
  guild: number
  channel: number
  /** Index among the guild's online members. */
  author: number
  /** Length of the text, in characters. */
  length: number
  /** How far back in its channel's past a read begins: 0 is now, 1 the first message. */
  ago: number
}>

/**
 * Every send and read of a run, with its moment, before the first is made. The load is open: a slow
 * stage does not slow down those who talk to it. A generator that waits for an answer before it
 * sends the next message leaves out exactly the sends that would have waited longest (coordinated
 * omission), and calls an overloaded server fast.
 */
export function schedule(load: Load): Arrival[] {
  let firstGuild = 0
  const arrivals: Arrival[] = []
  for (const [index, group] of load.groups.entries()) {
    const first = firstGuild
    firstGuild += group.guilds
    if (group.guilds * group.online * group.channels === 0) continue // nobody is there to say anything
    for (const [kind, perSecond, together] of [
      ['send', group.messagesPerSecond, group.burst ?? 1],
      ['read', group.readsPerSecond, 1],
    ] as const) {
      // A stream of its own for each, so that adding reads to a load does not move its sends.
      const random = seeded(load.seed * 1_000_003 + index * 7 + (kind === 'send' ? 0 : 3))
      for (const dueMs of moments(
        random,
        perSecond / together,
        load.warmupSeconds + load.seconds,
      )) {
        for (let n = 0; n < together; n++)
          arrivals.push({ kind, dueMs, ...placeOf(random, group, first) })
      }
    }
  }
  return arrivals.sort((a, b) => a.dueMs - b.dueMs)
}

function* moments(random: Random, perSecond: number, seconds: number): Generator<number> {
  if (perSecond <= 0) return
  for (
    let at = exponentialWaitSeconds(random, perSecond);
    at < seconds;
    at += exponentialWaitSeconds(random, perSecond)
  )
    yield at * 1_000
}

function placeOf(random: Random, group: Group, first: number): Omit<Arrival, 'kind' | 'dueMs'> {
  return {
    guild: first + randomBelow(random, group.guilds),
    channel: randomBelow(random, group.channels),
    author: randomBelow(random, group.online),
    // Most messages are short, a few are not.
    length: 8 + Math.floor(-Math.log(1 - random()) * 50),
    ago: random(),
  }
}
