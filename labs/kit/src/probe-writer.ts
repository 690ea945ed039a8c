import { setTimeout as delay } from 'node:timers/promises'
import type { TrialContext } from './intervention.ts'
import type { Load } from './load/workload.ts'
import { type Api, createApi } from './run/stage-api.ts'

/**
 * Somebody who writes in many channels in turn and keeps account: what was acknowledged has to be
 * there at the end.
 */
export interface ProbeWriter extends AsyncDisposable {
  /** How many messages were acknowledged so far. */
  acknowledged(): number
  /**
   * From now until the answer is asked for: the sends that began in between, once each of them has
   * ended.
   */
  startWindow(): () => Promise<{ readonly tried: number; readonly failed: number }>
  /**
   * From now on every second channel is left alone: what a node is to have of those, only another
   * node can give it.
   */
  stopEvenChannels(): void
  /** Nothing is under way from here on, and nothing begins until this is disposed of. */
  pause(): Promise<Disposable>
  stop(): Promise<void>
  /**
   * Reads all of its channels back, again and again within this time where something is missing.
   */
  readBack(withinMs: number): Promise<ReadBack>
}

/** Of the messages acknowledged by now, as pages of their channels show them. */
export interface ReadBack {
  /** Those that no page shows. */
  readonly missing: number
  /** Those that pages show more than once. */
  readonly duplicated: number
  /** Those that do not come after all that are newer, going back. */
  readonly outOfOrder: number
}

const EVERY_MS = 100
const PATIENCE_MS = 5_000
const AGAIN_MS = 500
const PAGE = 100

/** The group of the load that is the writer's alone. */
export const PROBE_GROUP = 'kept account of'

/** The same load, and beside it a guild with so many channels, in which only the writer writes. */
export const withProbeGuild = (load: Load, channels: number): Load => ({
  ...load,
  groups: [
    ...load.groups,
    { name: PROBE_GROUP, guilds: 1, online: 1, channels, messagesPerSecond: 0, readsPerSecond: 0 },
  ],
})

export function startProbeWriter({
  stage,
  guilds,
}: Pick<TrialContext, 'stage' | 'guilds'>): ProbeWriter {
  const { channels, members } = guilds.find(({ group }) => group === PROBE_GROUP)!
  const { token } = members[0]!
  const messagesIn = (channel: string): string => `/api/v10/channels/${channel}/messages`
  const api = createApi(stage.url)
  /** Ids, by channel. */
  const acknowledged = new Map<string, string[]>(channels.map((channel) => [channel, []]))
  /** Every send, by when it began: whether it was acknowledged in time. */
  const sends: Promise<boolean>[] = []
  let written = channels
  let going = true
  let paused = false

  async function send(n: number): Promise<boolean> {
    const channel = written[n % written.length]!
    const sent = api.call('POST', messagesIn(channel), token, {
      content: `the ${n}th`,
    }) as Promise<{ id: string }>
    // Later than in time is a failure for whoever waits. Should it be acknowledged after all, it
    // still has to be kept.
    const kept = sent.then(
      ({ id }) => acknowledged.get(channel)!.push(id) > 0,
      () => false,
    )
    return await Promise.race([kept, delay(PATIENCE_MS, false)])
  }

  const writing = (async () => {
    // Open loop: a server that hangs does not slow down whoever writes to it.
    for (; going; await delay(EVERY_MS)) if (!paused) sends.push(send(sends.length))
    await Promise.all(sends)
  })()

  const stop = async (): Promise<void> => {
    going = false
    await writing
  }

  /** Newest first, as a page has them. */
  async function idsIn(channel: string, reader: Api): Promise<string[]> {
    const seen: string[] = []
    for (let before = ''; ; ) {
      const page = (await reader.call(
        'GET',
        `${messagesIn(channel)}?limit=${PAGE}${before}`,
        token,
      )) as { id: string }[]
      seen.push(...page.map(({ id }) => id))
      if (page.length < PAGE) return seen
      before = `&before=${page.at(-1)!.id}`
    }
  }

  /**
   * A page that cannot be had shows nothing. Whoever wants to see it asks again, and so it is here.
   */
  async function lookAt(
    channel: string,
    ids: readonly string[],
    reader: Api,
    until: number,
  ): Promise<ReadBack> {
    for (
      let look: ReadBack = { missing: ids.length, duplicated: 0, outOfOrder: 0 };
      ;
      await delay(AGAIN_MS)
    ) {
      const seen = await idsIn(channel, reader).catch(() => undefined)
      if (seen !== undefined)
        look = { missing: new Set(ids).difference(new Set(seen)).size, ...orderOf(seen) }
      if (look.missing === 0 || Date.now() >= until) return look
    }
  }

  return {
    acknowledged: () => [...acknowledged.values()].reduce((sum, ids) => sum + ids.length, 0),
    startWindow() {
      const from = sends.length
      return async () => {
        const done = await Promise.all(sends.slice(from))
        return { tried: done.length, failed: done.filter((inTime) => !inTime).length }
      }
    },
    stopEvenChannels() {
      written = channels.filter((_, index) => index % 2 === 1)
    },
    async pause() {
      paused = true
      await Promise.all(sends)
      return {
        [Symbol.dispose]: () => {
          paused = false
        },
      }
    },
    stop,
    async readBack(withinMs) {
      // Of its own, and gone with the time: no page waits in line behind sends, and none answers
      // when nobody waits any more.
      await using reader = createApi(stage.url)
      const over = setTimeout(() => void reader[Symbol.asyncDispose](), withinMs)
      const until = Date.now() + withinMs
      const each = await Promise.all(
        [...acknowledged].map(([channel, ids]) => lookAt(channel, [...ids], reader, until)),
      )
      clearTimeout(over)
      const sum = (of: keyof ReadBack): number => each.reduce((total, look) => total + look[of], 0)
      return {
        missing: sum('missing'),
        duplicated: sum('duplicated'),
        outOfOrder: sum('outOfOrder'),
      }
    },
    async [Symbol.asyncDispose]() {
      await stop()
      await api[Symbol.asyncDispose]()
    },
  }
}

/** Of ids newest first. */
function orderOf(ids: readonly string[]): Omit<ReadBack, 'missing'> {
  const outOfOrder = ids.filter(
    (id, index) => index > 0 && BigInt(id) > BigInt(ids[index - 1]!),
  ).length
  return { duplicated: ids.length - new Set(ids).size, outOfOrder }
}
