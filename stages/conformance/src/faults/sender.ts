import { setTimeout as delay } from 'node:timers/promises'

export interface SendResult {
  readonly nonce: string
  /** The message's id, when the send was acknowledged. */
  readonly id: string | undefined
  /** 0: no answer at all. */
  readonly status: number
  readonly retryAfter: string | null
}

export interface TestSender {
  readonly channel: string
  /** Sends once and says what came of it; never rejects. */
  send(nonce: string, content?: string): Promise<SendResult>
  /** Sends until acknowledged, as a client with patience does: same nonce each time. */
  sendUntilAcknowledged(nonce: string): Promise<string>
  /** Every message of the channel, newest first. */
  history(): Promise<{ id: string; nonce: string }[]>
  status(): Promise<number>
}

const PATIENCE_MS = 30_000
const PAUSE_MS = 50

async function call<T>(
  url: string,
  method: string,
  token: string | undefined,
  body?: unknown,
): Promise<T> {
  const response = await fetch(url, {
    method,
    headers: {
      'content-type': 'application/json',
      ...(token ? { authorization: `Bot ${token}` } : {}),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  })
  if (!response.ok) throw new Error(`${method} ${url}: ${response.status} ${await response.text()}`)
  return (await response.json()) as T
}

/** A user in a new guild, who sends into a new channel. */
export async function newSender(url: string): Promise<TestSender> {
  const api = `${url}/api/v10`
  const { token } = await call<{ token: string }>(`${url}/workshop/users`, 'POST', undefined, {
    username: 'sender',
  })
  const guild = await call<{ id: string }>(`${api}/guilds`, 'POST', token, { name: 'faults' })
  const channel = await call<{ id: string }>(`${api}/guilds/${guild.id}/channels`, 'POST', token, {
    name: 'faults',
  })
  const messages = `${api}/channels/${channel.id}/messages`

  async function send(nonce: string, content = nonce): Promise<SendResult> {
    try {
      const response = await fetch(messages, {
        method: 'POST',
        headers: { 'content-type': 'application/json', authorization: `Bot ${token}` },
        body: JSON.stringify({ content, nonce, enforce_nonce: true }),
      })
      const body = (await response.json()) as { id?: string }
      return {
        nonce,
        id: response.ok ? body.id : undefined,
        status: response.status,
        retryAfter: response.headers.get('retry-after'),
      }
    } catch {
      return { nonce, id: undefined, status: 0, retryAfter: null }
    }
  }
  return {
    channel: channel.id,
    send,
    async sendUntilAcknowledged(nonce) {
      const until = Date.now() + PATIENCE_MS
      for (;;) {
        const { id, status } = await send(nonce)
        if (id) return id
        if (Date.now() > until)
          throw new Error(
            `${nonce} was not acknowledged within ${PATIENCE_MS} ms; the last answer was ${status}`,
          )
        await delay(PAUSE_MS)
      }
    },
    async history() {
      const all: { id: string; nonce: string }[] = []
      for (let before = ''; ; before = `&before=${all.at(-1)!.id}`) {
        const page = await call<{ id: string; content: string }[]>(
          `${messages}?limit=100${before}`,
          'GET',
          token,
        )
        all.push(...page.map((m) => ({ id: m.id, nonce: m.content })))
        if (page.length < 100) return all
      }
    },
    status: async () =>
      (await fetch(messages, { headers: { authorization: `Bot ${token}` } })).status,
  }
}
