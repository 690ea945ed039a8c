/** A user beside the browser's, who speaks REST. */
export interface Account {
  readonly token: string
  ask(method: string, path: string, body?: unknown): Promise<unknown>
  say(channel: string, content: string): Promise<void>
}

/** A new user of the workshop, or the one whose token this is. */
export async function account(url: string, known?: string): Promise<Account> {
  const token = known ?? (await newToken(url))
  const ask: Account['ask'] = async (method, path, body) => {
    const answer = await fetch(`${url}/api/v10${path}`, {
      method,
      headers: { authorization: `Bot ${token}`, 'content-type': 'application/json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    })
    const text = await answer.text()
    if (!answer.ok) throw new Error(`${method} ${path} answered ${answer.status}: ${text}`)
    return text === '' ? undefined : JSON.parse(text)
  }
  return {
    token,
    ask,
    say: async (channel, content) =>
      void (await ask('POST', `/channels/${channel}/messages`, { content })),
  }
}

async function newToken(url: string): Promise<string> {
  const answer = await fetch(`${url}/workshop/users`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ username: 'witness' }),
  })
  return ((await answer.json()) as { token: string }).token
}

/** What a channel holds, oldest first. */
export async function history(reader: Account, channel: string): Promise<string[]> {
  const page = (await reader.ask('GET', `/channels/${channel}/messages?limit=100`)) as {
    content: string
  }[]
  return page.map(({ content }) => content).reverse()
}
