/** A user that acts over REST, beside the users in the browser. */
export interface Account {
  readonly token: string
  request(method: string, path: string, body?: unknown): Promise<unknown>
  sendMessage(channel: string, content: string): Promise<void>
}

/** Creates a user, or uses the one with the given token. */
export async function account(url: string, existingToken?: string): Promise<Account> {
  const token = existingToken ?? (await newToken(url))
  const request: Account['request'] = async (method, path, body) => {
    const response = await fetch(`${url}/api/v10${path}`, {
      method,
      headers: { authorization: `Bot ${token}`, 'content-type': 'application/json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    })
    const text = await response.text()
    if (!response.ok) throw new Error(`${method} ${path} answered ${response.status}: ${text}`)
    return text === '' ? undefined : JSON.parse(text)
  }
  return {
    token,
    request,
    sendMessage: async (channel, content) =>
      void (await request('POST', `/channels/${channel}/messages`, { content })),
  }
}

async function newToken(url: string): Promise<string> {
  const response = await fetch(`${url}/workshop/users`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ username: 'witness' }),
  })
  return ((await response.json()) as { token: string }).token
}

/** The contents of a channel's messages, oldest first. */
export async function history(reader: Account, channel: string): Promise<string[]> {
  const page = (await reader.request('GET', `/channels/${channel}/messages?limit=100`)) as {
    content: string
  }[]
  return page.map(({ content }) => content).reverse()
}
