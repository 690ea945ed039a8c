import { setTimeout as delay } from 'node:timers/promises'
import type { OnProgress, StageProcess } from '@threshold/engines'
import { type GuildLoad, startGuildLoad } from './guild-load.ts'

/** Each takes place once in every round, in this order. */
export const EVENTS = ['nothing', 'restart of a guild host', 'kill of a guild host'] as const

/** One window of a round, around one event. */
export interface HandoverSample {
  readonly event: (typeof EVENTS)[number]
  readonly seconds: number
  /** The longest time between two deliveries to each guild's socket, in milliseconds. */
  readonly silenceMs: readonly number[]
  /** Sends that were not answered with 200. */
  readonly refused: number
}

export interface HandoverResult {
  readonly samples: readonly HandoverSample[]
  /** Acknowledged messages, over all rounds and guilds. */
  readonly lost: number
  readonly doubled: number
}

export interface HandoverPlan {
  readonly guilds: number
  readonly rounds: number
  /** How long a window goes on after its event, until all guilds have their owners. */
  readonly settleMs: number
}

/**
 * Sends messages to all guilds without end, and meanwhile restarts and kills the two guild hosts in
 * turn.
 */
export async function handoverRounds(
  stage: StageProcess,
  { guilds, rounds, settleMs }: HandoverPlan,
  onProgress: OnProgress,
): Promise<HandoverResult> {
  const loads: GuildLoad[] = []
  await using use = new AsyncDisposableStack()
  // Also those of a run that fails.
  use.defer(async () => void (await Promise.allSettled(loads.map((load) => load.stop()))))
  while (loads.length < guilds) loads.push(await startGuildLoad(stage.url))
  const hosts = stage.roles.filter(({ role }) => role === 'guilds')
  const samples: HandoverSample[] = []
  await delay(settleMs)
  for (let round = 0; round < rounds; round++) {
    const host = hosts[round % hosts.length]!
    const work = {
      nothing: async () => {},
      'restart of a guild host': () => host.restart(),
      'kill of a guild host': () => host.kill(),
    }
    for (const event of EVENTS) {
      onProgress({ text: event, done: samples.length, total: rounds * EVENTS.length })
      const from = performance.now()
      await work[event]()
      await delay(settleMs)
      const until = performance.now()
      samples.push({
        event,
        seconds: (until - from) / 1_000,
        silenceMs: loads.map((load) => load.longestSilence(from, until)),
        refused: loads.reduce((sum, load) => sum + load.refused(from, until), 0),
      })
      if (event !== 'kill of a guild host') continue
      await host.restart()
      await delay(settleMs)
    }
  }
  const ends = await Promise.all(loads.map((load) => load.stop()))
  const sum = (read: (end: (typeof ends)[number]) => number): number =>
    ends.reduce((total, end) => total + read(end), 0)
  return { samples, lost: sum(({ lost }) => lost), doubled: sum(({ doubled }) => doubled) }
}
