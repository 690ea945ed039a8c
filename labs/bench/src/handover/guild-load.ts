import { setTimeout as delay } from 'node:timers/promises'
import { askGateway } from '@threshold/engines'
import { createGuild } from '../api.ts'
import { openSocket } from '../sockets.ts'

/** Between an answer and the next message of the same guild. */
const PAUSE_MS = 20
/** Longer than a guild may be without an owner. */
const TIMEOUT_MS = 15_000

/** One guild of a stage, to which messages are sent one after the other, and one of its sockets. */
export interface GuildLoad {
  /** The longest time between two deliveries within a window, in milliseconds. */
  longestSilence(from: number, until: number): number
  /** Requests that were not answered with 200 within a window. */
  refused(from: number, until: number): number
  /**
   * Ends the load. Resolves to the acknowledged messages that did not come, and those that came
   * twice. Idempotent.
   */
  stop(): Promise<{ readonly lost: number; readonly doubled: number }>
}

export async function startGuildLoad(url: string): Promise<GuildLoad> {
  const { token, channels } = await createGuild(url, 1)
  const deliveries: number[] = []
  const refusals: number[] = []
  /** How often each message came, by its content. */
  const received = new Map<string, number>()
  const acknowledged: string[] = []
  const socket = await openSocket('gateway', await askGateway(url), token, (text) => {
    deliveries.push(performance.now())
    const { content } = (JSON.parse(text) as { d: { content: string } }).d
    received.set(content, (received.get(content) ?? 0) + 1)
  })
  let stopped = false

  async function sendAll(): Promise<void> {
    for (let n = 0; !stopped; n++) {
      const isAcknowledged = await post(
        `${url}/api/v10/channels/${channels[0]}/messages`,
        token,
        String(n),
      )
      if (isAcknowledged) acknowledged.push(String(n))
      else refusals.push(performance.now())
      await delay(PAUSE_MS)
    }
  }
  const sending = sendAll()

  async function stop(): Promise<Awaited<ReturnType<GuildLoad['stop']>>> {
    stopped = true
    await sending
    const lost = (): number => acknowledged.filter((content) => !received.has(content)).length
    const deadline = performance.now() + TIMEOUT_MS
    while (lost() > 0 && performance.now() < deadline) await delay(PAUSE_MS)
    socket.close()
    return { lost: lost(), doubled: [...received.values()].filter((times) => times > 1).length }
  }
  let stopping: ReturnType<GuildLoad['stop']> | undefined

  return {
    longestSilence(from, until) {
      const within = deliveries.filter((at) => at >= from && at <= until)
      const times = [from, ...within, until]
      return Math.max(...times.slice(1).map((at, i) => at - times[i]!))
    },
    refused: (from, until) => refusals.filter((at) => at >= from && at <= until).length,
    stop() {
      stopping ??= stop()
      return stopping
    },
  }
}

async function post(url: string, token: string, content: string): Promise<boolean> {
  const headers = { authorization: `Bot ${token}`, 'content-type': 'application/json' }
  try {
    const response = await fetch(url, {
      method: 'POST',
      headers,
      body: JSON.stringify({ content }),
      signal: AbortSignal.timeout(TIMEOUT_MS),
    })
    await response.arrayBuffer()
    return response.ok
  } catch {
    return false
  }
}
