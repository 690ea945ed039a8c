import { CodedError, messageOf } from '@threshold/kit'
import { z } from 'zod'

const TIMEOUT_MS = 2_000
/** Dropping waits for the disk, which may take long on a busy machine. */
const DROP_TIMEOUT_MS = 30_000

const rootSchema = z.object({ version: z.object({ number: z.string() }) })

/**
 * Resolves to the version of a server that can read and write. Throws OPENSEARCH_UNREACHABLE with
 * the host and port, and no secret.
 */
export async function probeOpenSearch(uri: string): Promise<string> {
  const { version } = rootSchema.parse(await ask(uri, '/'))
  // A node answers before it has a cluster state, and refuses requests until then.
  await ask(uri, '/_cluster/health?wait_for_status=yellow&timeout=1s')
  return version.number
}

/** Drops all indexes whose names begin with the path of the address. */
export const dropIndexes = async (uri: string): Promise<void> =>
  void (await ask(uri, `${new URL(uri).pathname}-*`, {
    method: 'DELETE',
    timeoutMs: DROP_TIMEOUT_MS,
  }))

async function ask(
  uri: string,
  path: string,
  { method = 'GET', timeoutMs = TIMEOUT_MS } = {},
): Promise<unknown> {
  const { username, password, host, origin } = new URL(uri)
  const credentials = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`
  const authorization = `Basic ${Buffer.from(credentials).toString('base64')}`
  try {
    // fetch refuses an address with a password.
    const response = await fetch(`${origin}${path}`, {
      method,
      headers: username === '' ? {} : { authorization },
      signal: AbortSignal.timeout(timeoutMs),
    })
    if (!response.ok) throw new Error(`HTTP ${response.status}`)
    return await response.json()
  } catch (error) {
    const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error
    throw new CodedError('OPENSEARCH_UNREACHABLE', `${host}: ${messageOf(cause)}`, { cause: error })
  }
}
