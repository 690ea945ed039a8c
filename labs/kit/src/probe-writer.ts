import { setTimeout as delay } from 'node:timers/promises'
import type { TrialContext } from './intervention.ts'
import type { Load } from './load/workload.ts'
import { type Api, createApi } from './run/stage-api.ts'

/**
 * A client that writes to many channels in turn and remembers which messages were acknowledged, so
 * that a lab can check whether they can still be read.
 */
export interface ProbeWriter extends AsyncDisposable {
  /** Number of messages acknowledged so far. */
  acknowledged(): number
  /**
   * Starts a window. The returned function ends it and resolves with the number of sends that began
   * in it, once each has succeeded or failed.
   */
  startWindow(): () => Promise<{ readonly tried: number; readonly failed: number }>
  /**
   * Stops writing to every second channel. A node that joins later gets the messages of those
   * channels only from another node.
   */
  stopEvenChannels(): void
  /** Resolves once no send is in flight. Sends resume when the result is disposed of. */
  pause(): Promise<Disposable>
  stop(): Promise<void>
  /** Reads all of its channels, and repeats that for up to this time while messages are missing. */
  readBack(withinMs: number): Promise<ReadBack>
}

/** Compares the acknowledged messages with the pages of their channels. */
export interface ReadBack {
  /** Messages that no page contains. */
  readonly missing: number
  /** Messages that pages contain more than once. */
  readonly duplicated: number
  /** Messages with a larger id than the one before them, although pages are newest first. */
  readonly outOfOrder: number
}

const SEND_INTERVAL_MS = 100
/** A send without an answer counts as failed after this time. */
const SEND_TIMEOUT_MS = 5_000
const RETRY_INTERVAL_MS = 500
const PAGE_SIZE = 100

/** Name of the group whose guild only the probe writer writes to. */
export const PROBE_GROUP = 'probe'

/** Adds to a load a guild with this many channels for the probe writer. */
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
  /** Message ids by channel. */
  const acknowledged = new Map<string, string[]>(channels.map((channel) => [channel, []]))
  /**
   * All sends in the order in which they began. Each resolves with whether it succeeded in time.
   */
  const sends: Promise<boolean>[] = []
  let activeChannels = channels
  let running = true
  let paused = false

  async function send(n: number): Promise<boolean> {
    const channel = activeChannels[n % activeChannels.length]!
    const response = api.call('POST', messagesIn(channel), token, {
      content: `message ${n}`,
    }) as Promise<{ id: string }>
    // A late acknowledgement counts as a failed send, but the message must still be readable later.
    const succeeded = response.then(
      ({ id }) => acknowledged.get(channel)!.push(id) > 0,
      () => false,
    )
    return await Promise.race([succeeded, delay(SEND_TIMEOUT_MS, false)])
  }

  const writing = (async () => {
    // Open loop: a server that hangs does not slow down the writer.
    for (; running; await delay(SEND_INTERVAL_MS)) if (!paused) sends.push(send(sends.length))
    await Promise.all(sends)
  })()

  const stop = async (): Promise<void> => {
    running = false
    await writing
  }

  /** Returns all ids of a channel, newest first. */
  async function idsIn(channel: string, reader: Api): Promise<string[]> {
    const ids: string[] = []
    for (let before = ''; ; ) {
      const page = (await reader.call(
        'GET',
        `${messagesIn(channel)}?limit=${PAGE_SIZE}${before}`,
        token,
      )) as { id: string }[]
      ids.push(...page.map(({ id }) => id))
      if (page.length < PAGE_SIZE) return ids
      before = `&before=${page.at(-1)!.id}`
    }
  }

  /**
   * Reads a channel until nothing is missing or the time is over. A failed read is repeated too.
   */
  async function readChannel(
    channel: string,
    expected: readonly string[],
    reader: Api,
    until: number,
  ): Promise<ReadBack> {
    let result: ReadBack = { missing: expected.length, duplicated: 0, outOfOrder: 0 }
    for (;;) {
      const ids = await idsIn(channel, reader).catch(() => undefined)
      if (ids !== undefined)
        result = { missing: new Set(expected).difference(new Set(ids)).size, ...checkOrder(ids) }
      if (result.missing === 0 || Date.now() >= until) return result
      await delay(RETRY_INTERVAL_MS)
    }
  }

  return {
    acknowledged: () => [...acknowledged.values()].reduce((sum, ids) => sum + ids.length, 0),
    startWindow() {
      const from = sends.length
      return async () => {
        const results = await Promise.all(sends.slice(from))
        return { tried: results.length, failed: results.filter((inTime) => !inTime).length }
      }
    },
    stopEvenChannels() {
      activeChannels = channels.filter((_, index) => index % 2 === 1)
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
      // A client of its own, so that reads do not queue behind sends. It is closed when the time is
      // over, which also ends requests without an answer.
      await using reader = createApi(stage.url)
      const timer = setTimeout(() => void reader[Symbol.asyncDispose](), withinMs)
      const until = Date.now() + withinMs
      const results = await Promise.all(
        [...acknowledged].map(([channel, ids]) => readChannel(channel, [...ids], reader, until)),
      )
      clearTimeout(timer)
      const sum = (key: keyof ReadBack): number =>
        results.reduce((total, result) => total + result[key], 0)
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

/** Checks ids that should be unique and newest first. */
function checkOrder(ids: readonly string[]): Omit<ReadBack, 'missing'> {
  const outOfOrder = ids.filter(
    (id, index) => index > 0 && BigInt(id) > BigInt(ids[index - 1]!),
  ).length
  return { duplicated: ids.length - new Set(ids).size, outOfOrder }
}
