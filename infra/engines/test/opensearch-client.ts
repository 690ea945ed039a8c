/** Sends a request to OpenSearch and returns its status and its answer. */
export async function ask(
  uri: string,
  path: string,
  init: RequestInit = {},
): Promise<{ readonly status: number; readonly body: Record<string, unknown> }> {
  const headers = { 'content-type': 'application/json' }
  const response = await fetch(`${uri}${path}`, { headers, ...init })
  return { status: response.status, body: (await response.json()) as Record<string, unknown> }
}

/** Stores documents 1 to `count`, each acknowledged. */
export async function storeDocuments(uri: string, count: number): Promise<void> {
  await ask(uri, '/kept', { method: 'PUT', body: '{}' })
  for (let n = 1; n <= count; n++)
    await ask(uri, `/kept/_doc/${n}`, { method: 'PUT', body: JSON.stringify({ n }) })
}

export async function countDocuments(uri: string): Promise<number> {
  await ask(uri, '/kept/_refresh', { method: 'POST' })
  return Number((await ask(uri, '/kept/_count')).body.count)
}
