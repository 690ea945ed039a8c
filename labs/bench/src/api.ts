import { setTimeout as delay } from 'node:timers/promises'
import { messageOf } from '@threshold/kit'

/** Asks a stage as anybody would. */
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

/** At once, and no more: enough to keep an engine busy. */
const AT_ONCE = 2
/**
 * One request is to be answered within the stage's time, on a busy machine and by an engine that
 * has just started.
 */
const EACH = 500
/**
 * A stage that is asked for too much says so, and is asked again. What it had written by then
 * stays: some messages more.
 */
const ATTEMPTS = 20
const RETRY_MS = 1_000

/**
 * Written through the stage's own import, with ids and write times of the days they are said to be
 * from.
 */
export interface Past {
  readonly channels: readonly string[]
  /** In each channel. */
  readonly messages: number
  readonly days: number
  readonly characters: number
}

export async function fillPast(
  url: string,
  token: string,
  past: Past,
  onDone: (messages: number) => void,
): Promise<void> {
  const call = api(url)
  const parts = past.channels.flatMap((channel) =>
    Array.from({ length: Math.ceil(past.messages / EACH) }, (_, i) => ({
      channel,
      messages: Math.min(EACH, past.messages - i * EACH),
    })),
  )
  const left = parts.values()
  let done = 0
  const some = async (): Promise<void> => {
    for (const { channel, messages } of left) {
      const { days, characters } = past
      await insist(() =>
        call(
          'POST',
          '/workshop/history',
          { channel_id: channel, messages, days, characters },
          token,
        ),
      )
      done += messages
      onDone(done)
    }
  }
  await Promise.all(Array.from({ length: AT_ONCE }, some))
}

async function insist(work: () => Promise<unknown>): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    try {
      await work()
      return
    } catch (error) {
      if (!/: 503 /.test(messageOf(error)) || attempt === ATTEMPTS) throw error
      await delay(RETRY_MS)
    }
  }
}

export interface Talk {
  readonly token: string
  readonly channels: readonly string[]
}

/** A guild of one, with so many channels. */
export async function openTalk(url: string, channels: number): Promise<Talk> {
  const call = api(url)
  const { token } = await call<{ token: string }>('POST', '/workshop/users', { username: 'bench' })
  const guild = await call<{ id: string }>('POST', '/api/v10/guilds', { name: 'bench' }, token)
  const ids: string[] = []
  while (ids.length < channels) {
    const { id } = await call<{ id: string }>(
      'POST',
      `/api/v10/guilds/${guild.id}/channels`,
      { name: `talk-${ids.length}` },
      token,
    )
    ids.push(id)
  }
  return { token, channels: ids }
}
