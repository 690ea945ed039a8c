import { messageOf } from '@threshold/kit'
import pLimit from 'p-limit'
import pRetry from 'p-retry'

/** Returns a function that calls a stage's REST API and rejects unless the answer is 2xx. */
export const api =
  (url: string) =>
  async <T>(method: string, path: string, body?: object, token?: string): Promise<T> => {
    const headers = {
      'content-type': 'application/json',
      ...(token ? { authorization: `Bot ${token}` } : {}),
    }
    const response = await fetch(url + path, {
      method,
      headers,
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    })
    const text = await response.text()
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text}`)
    return (text === '' ? undefined : JSON.parse(text)) as T
  }

/** Concurrent import requests: enough to keep an engine busy, and no more. */
const IMPORT_CONCURRENCY = 2
/**
 * Messages in one import request. A stage on a busy machine, with an engine that has just started,
 * still answers within its request timeout.
 */
const IMPORT_BATCH = 500
/**
 * An overloaded stage answers 503, and the request is repeated. Messages that the stage had written
 * by then remain, so that a channel may end up with a few more.
 */
const RETRIES = { retries: 19, minTimeout: 1_000, factor: 1 }

/** Messages that the stage imports with ids and write times in the past. */
export interface History {
  readonly channels: readonly string[]
  /** Messages per channel. */
  readonly messages: number
  readonly days: number
  readonly characters: number
}

/** Fills the channels. `onDone` receives the number of messages written so far. */
export async function fillHistory(
  url: string,
  token: string,
  { channels, messages, days, characters }: History,
  onDone: (messages: number) => void,
): Promise<void> {
  const call = api(url)
  const batches = channels.flatMap((channel) =>
    Array.from({ length: Math.ceil(messages / IMPORT_BATCH) }, (_, i) => ({
      channel_id: channel,
      messages: Math.min(IMPORT_BATCH, messages - i * IMPORT_BATCH),
      days,
      characters,
    })),
  )
  let done = 0
  await pLimit(IMPORT_CONCURRENCY).map(batches, async (batch) => {
    await pRetry(() => call('POST', '/workshop/history', batch, token), {
      ...RETRIES,
      shouldRetry: ({ error }) => /: 503 /.test(messageOf(error)),
    })
    done += batch.messages
    onDone(done)
  })
}

export interface BenchGuild {
  readonly token: string
  readonly channels: readonly string[]
}

/** Creates a guild with one member and this many channels. */
export async function createGuild(url: string, channels: number): Promise<BenchGuild> {
  const call = api(url)
  const { token } = await call<{ token: string }>('POST', '/workshop/users', { username: 'bench' })
  const guild = await call<{ id: string }>('POST', '/api/v10/guilds', { name: 'bench' }, token)
  const path = `/api/v10/guilds/${guild.id}/channels`
  const ids: string[] = []
  while (ids.length < channels) {
    const { id } = await call<{ id: string }>('POST', path, { name: `talk-${ids.length}` }, token)
    ids.push(id)
  }
  return { token, channels: ids }
}
