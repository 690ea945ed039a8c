import pRetry from 'p-retry'
import { allPages, call, request } from './api.ts'

export interface SendResult {
  readonly nonce: string
  /** The id of the message, if the send was acknowledged. */
  readonly id: string | undefined
  /** The status of the answer; 0 if there was none. */
  readonly status: number
  readonly retryAfter: string | null
}

export interface TestSender {
  /** Sends once. Never rejects. */
  send(nonce: string, content?: string): Promise<SendResult>
  /** Retries with the same nonce until the send is acknowledged. Resolves to the message's id. */
  sendUntilAcknowledged(nonce: string): Promise<string>
  /** Every message of the channel, newest first. */
  history(): Promise<{ id: string; nonce: string }[]>
}

const RETRY_FOR_MS = 30_000
const RETRY = {
  retries: Number.POSITIVE_INFINITY,
  maxRetryTime: RETRY_FOR_MS,
  minTimeout: 50,
  factor: 1,
}

/** Creates a user with a guild and a channel to send to. The content of a message is its nonce. */
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
      const response = await request(messages, 'POST', token, {
        content,
        nonce,
        enforce_nonce: true,
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
    send,
    sendUntilAcknowledged: (nonce) =>
      pRetry(async () => {
        const { id, status } = await send(nonce)
        if (id !== undefined) return id
        throw new Error(
          `${nonce} was not acknowledged within ${RETRY_FOR_MS} ms; the last answer was ${status}`,
        )
      }, RETRY),
    async history() {
      const all = await allPages((query) =>
        call<{ id: string; content: string }[]>(`${messages}${query}`, 'GET', token),
      )
      return all.map(({ id, content }) => ({ id, nonce: content }))
    },
  }
}
