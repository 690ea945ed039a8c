import { setTimeout as delay } from 'node:timers/promises'

const PATIENCE_MS = 30_000
const PAUSE_MS = 100

interface Message {
  readonly id: string
  readonly content: string
  readonly timestamp: string
  readonly edited_timestamp: string | null
  readonly author: { readonly id: string }
  readonly reactions?: readonly { readonly count: number }[]
}

/** A user of one channel, who asks again while the answer is 503. */
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
  page(): Promise<Message[]>
}

/** A guild's owner and another member, in a new channel that both may write to. */
export async function newAuthor(url: string): Promise<{ author: Author; other: Author }> {
  const api = `${url}/api/v10`
  const request = (
    path: string,
    method: string,
    token?: string,
    body?: unknown,
  ): Promise<Response> =>
    fetch(path, {
      method,
      headers: {
        'content-type': 'application/json',
        ...(token ? { authorization: `Bot ${token}` } : {}),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    })
  async function call<T>(...args: Parameters<typeof request>): Promise<T> {
    let response = await request(...args)
    // Client libraries retry too. After its clock jumped ahead a stage needs a moment to reserve
    // time.
    for (const until = Date.now() + PATIENCE_MS; response.status === 503 && Date.now() < until; ) {
      await delay(PAUSE_MS)
      response = await request(...args)
    }
    if (!response.ok)
      throw new Error(`${args[1]} ${args[0]}: ${response.status} ${await response.text()}`)
    return (response.status === 204 ? undefined : await response.json()) as T
  }
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
      async page() {
        const all: Message[] = []
        for (let before = ''; ; before = `&before=${all.at(-1)!.id}`) {
          const page = await call<Message[]>(`${messages}?limit=100${before}`, 'GET', token)
          all.push(...page)
          if (page.length < 100) return all
        }
      },
    }
  }
  return { author: authorOf(owner), other: authorOf(member) }
}
