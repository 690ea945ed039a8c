/** Sends one request of a user. Resolves to any answer; rejects only when there is none. */
export const request = (
  url: string,
  method: string,
  token?: string,
  body?: unknown,
): Promise<Response> =>
  fetch(url, {
    method,
    headers: {
      'content-type': 'application/json',
      ...(token ? { authorization: `Bot ${token}` } : {}),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  })

/** The body of an answer of 2xx. Throws for any other. */
export async function bodyOf<T>(response: Response): Promise<T> {
  if (!response.ok) throw new Error(`${response.url}: ${response.status} ${await response.text()}`)
  return (response.status === 204 ? undefined : await response.json()) as T
}

export const call = async <T>(...args: Parameters<typeof request>): Promise<T> =>
  bodyOf<T>(await request(...args))

/** All messages of a channel, newest first; `page` gets the messages before an id. */
export async function allPages<T extends { readonly id: string }>(
  page: (query: string) => Promise<T[]>,
): Promise<T[]> {
  const all: T[] = []
  for (let before = ''; ; before = `&before=${all.at(-1)!.id}`) {
    const messages = await page(`?limit=100${before}`)
    all.push(...messages)
    if (messages.length < 100) return all
  }
}
