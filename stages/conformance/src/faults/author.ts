import { setTimeout as delay } from 'node:timers/promises'
import { allPages, bodyOf, request } from './api.ts'

const RETRY_FOR_MS = 30_000
const PAUSE_MS = 100

interface Message {
  readonly id: string
  readonly content: string
  readonly timestamp: string
  readonly edited_timestamp: string | null
  readonly author: { readonly id: string }
  readonly reactions?: readonly { readonly count: number }[]
}

/** A user of one channel. Methods retry while the answer is 503, except `trySend`. */
export interface Author {
  readonly id: string
  send(content: string): Promise<Message>
  trySend(content: string): Promise<Response>
  edit(id: string, content: string): Promise<Message>
  remove(id: string): Promise<void>
  react(id: string): Promise<void>
  unreact(id: string): Promise<void>
  get(id: string): Promise<Message>
  /** Every message of the channel, newest first. */
  history(): Promise<Message[]>
}

/** Retries as client libraries do. A stage whose clock jumped ahead first has to reserve time. */
async function call<T>(...args: Parameters<typeof request>): Promise<T> {
  let response = await request(...args)
  const until = Date.now() + RETRY_FOR_MS
  while (response.status === 503 && Date.now() < until) {
    await delay(PAUSE_MS)
    response = await request(...args)
  }
  return await bodyOf<T>(response)
}

/** Creates a guild with its owner, another member, and a channel that both may write to. */
export async function newAuthors(url: string): Promise<{ author: Author; other: Author }> {
  const api = `${url}/api/v10`
  const newUser = (username: string) =>
    call<{ id: string; token: string }>(`${url}/workshop/users`, 'POST', undefined, { username })

  const [owner, member] = [await newUser('author'), await newUser('other')]
  const guild = await call<{ id: string }>(`${api}/guilds`, 'POST', owner.token, { name: 'clocks' })
  const path = `${api}/guilds/${guild.id}`
  await call(`${path}/members/${member.id}`, 'PUT', owner.token, { access_token: member.token })
  const channel = await call<{ id: string }>(`${path}/channels`, 'POST', owner.token, {
    name: 'clocks',
  })
  const messages = `${api}/channels/${channel.id}/messages`

  const authorOf = ({ id, token }: { id: string; token: string }): Author => {
    const reaction = (message: string) =>
      `${messages}/${message}/reactions/${encodeURIComponent('👍')}/@me`
    return {
      id,
      send: (content) => call(messages, 'POST', token, { content }),
      trySend: (content) => request(messages, 'POST', token, { content }),
      edit: (message, content) => call(`${messages}/${message}`, 'PATCH', token, { content }),
      remove: (message) => call(`${messages}/${message}`, 'DELETE', token),
      react: (message) => call(reaction(message), 'PUT', token),
      unreact: (message) => call(reaction(message), 'DELETE', token),
      get: (message) => call(`${messages}/${message}`, 'GET', token),
      history: () => allPages((query) => call<Message[]>(`${messages}${query}`, 'GET', token)),
    }
  }
  return { author: authorOf(owner), other: authorOf(member) }
}
