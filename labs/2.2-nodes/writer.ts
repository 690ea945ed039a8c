import { setTimeout as delay } from 'node:timers/promises'
import { type Api, createApi, type Scene } from '@threshold/lab-kit'

/** Somebody who writes in many channels in turn and keeps account: what was acknowledged has to be there at the end. */
export interface Writer extends AsyncDisposable {
  /** How many messages were acknowledged so far. */
  acknowledged(): number
  /** From now until the answer is asked for: the sends that began in between, once each of them has ended. */
  window(): () => Promise<{ readonly tried: number; readonly failed: number }>
  /** From now on every second channel is left alone: what a node is to have of those, only another node can give it. */
  leaveHalf(): void
  /** Nothing is under way from here on, and nothing begins until this is disposed of. */
  pause(): Promise<Disposable>
  stop(): Promise<void>
  /** Of the messages acknowledged by now, those that no page of their channel shows within this time, however often it is asked for. */
  missing(withinMs: number): Promise<number>
}

const EVERY_MS = 100
const PATIENCE_MS = 5_000
const AGAIN_MS = 500
const PAGE = 100

/** The group of the load that is the writer's alone. */
export const WRITERS = 'kept account of'

export function startWriter({ stage, guilds }: Pick<Scene, 'stage' | 'guilds'>): Writer {
  const { channels, members } = guilds.find(({ group }) => group === WRITERS)!
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
    const sent = api.call('POST', messagesIn(channel), token, { content: `the ${n}th` }) as Promise<{ id: string }>
    // Later than in time is a failure for whoever waits. Should it be acknowledged after all, it still has to be kept.
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

  async function idsIn(channel: string, reader: Api): Promise<Set<string>> {
    const seen = new Set<string>()
    for (let before = ''; ; ) {
      const page = (await reader.call('GET', `${messagesIn(channel)}?limit=${PAGE}${before}`, token)) as { id: string }[]
      for (const { id } of page) seen.add(id)
      if (page.length < PAGE) return seen
      before = `&before=${page.at(-1)!.id}`
    }
  }

  /** A page that cannot be had shows nothing. Whoever wants to see it asks again, and so it is here. */
  async function missingIn(channel: string, ids: readonly string[], reader: Api, until: number): Promise<number> {
    for (let missing = ids.length; ; await delay(AGAIN_MS)) {
      const seen = await idsIn(channel, reader).catch(() => undefined)
      if (seen !== undefined) missing = ids.filter((id) => !seen.has(id)).length
      if (missing === 0 || Date.now() >= until) return missing
    }
  }

  return {
    acknowledged: () => [...acknowledged.values()].reduce((sum, ids) => sum + ids.length, 0),
    window() {
      const from = sends.length
      return async () => {
        const done = await Promise.all(sends.slice(from))
        return { tried: done.length, failed: done.filter((inTime) => !inTime).length }
      }
    },
    leaveHalf() {
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
    async missing(withinMs) {
      // Of its own, and gone with the time: no page waits in line behind sends, and none answers when nobody waits any more.
      await using reader = createApi(stage.url)
      const over = setTimeout(() => void reader[Symbol.asyncDispose](), withinMs)
      const until = Date.now() + withinMs
      const each = [...acknowledged].map(([channel, ids]) => missingIn(channel, [...ids], reader, until))
      const missing = (await Promise.all(each)).reduce((sum, some) => sum + some, 0)
      clearTimeout(over)
      return missing
    },
    async [Symbol.asyncDispose]() {
      await stop()
      await api[Symbol.asyncDispose]()
    },
  }
}
