import { CodedError } from '@threshold/kit'
import { Client } from 'cassandra-driver'

export interface CassandraAddress {
  readonly contactPoints: readonly string[]
  readonly port: number
  readonly localDataCenter: string
  readonly keyspace: string | undefined
  readonly credentials: { readonly username: string; readonly password: string } | undefined
}

export const cassandraUri = (
  addresses: readonly string[],
  port: number,
  localDataCenter = 'datacenter1',
): string => `cassandra://${addresses.join(',')}:${port}/?dc=${localDataCenter}`

/** The address of the same cluster, with a keyspace in the path. */
export const withKeyspace = (uri: string, keyspace: string): string =>
  uri.replace(/^(cassandra:\/\/[^/?]+)\/?[^?]*/, `$1/${keyspace}`)

const ADDRESS =
  /^cassandra:\/\/(?:([^:@/]+):([^@/]+)@)?([^/:?@]+):(\d{1,5})(?:\/(\w*))?(?:\?dc=([\w.-]+))?$/

/**
 * Parses `cassandra://[user:password@]host[,host]:port/[keyspace][?dc=name]`. The error never
 * quotes the address, since it may contain a password.
 */
export function parseCassandraUri(uri: string): CassandraAddress {
  const [, username, password, hosts, port, keyspace, dc] = ADDRESS.exec(uri) ?? []
  if (hosts === undefined) {
    throw new CodedError('BAD_CASSANDRA_URI', 'the Cassandra address is not valid', {
      next: 'write cassandra://host[,host]:9042/?dc=datacenter1',
    })
  }
  return {
    contactPoints: hosts.split(','),
    port: Number(port),
    localDataCenter: dc ?? 'datacenter1',
    keyspace: keyspace === '' ? undefined : keyspace,
    credentials:
      username === undefined
        ? undefined
        : { username: decodeURIComponent(username), password: decodeURIComponent(password ?? '') },
  }
}

/** Runs `use` with a client that is shut down afterwards: for a query or a schema change. */
export async function withCassandraClient<T>(
  uri: string,
  use: (client: Client) => Promise<T>,
  timeoutMs = 5_000,
): Promise<T> {
  const { contactPoints, port, localDataCenter, credentials } = parseCassandraUri(uri)
  const client = new Client({
    contactPoints: contactPoints.map((host) => `${host}:${port}`),
    localDataCenter,
    protocolOptions: { port }, // otherwise the driver looks for other nodes on 9042
    socketOptions: { connectTimeout: timeoutMs, readTimeout: timeoutMs },
    ...(credentials ? { credentials } : {}),
  })
  try {
    return await use(client)
  } finally {
    await client.shutdown().catch(() => {})
  }
}

/** The server's own version. */
export const cassandraVersion = (uri: string): Promise<string> =>
  withCassandraClient(uri, async (client) => {
    const { rows } = await client.execute('SELECT release_version FROM system.local')
    return String(rows[0]?.release_version)
  })

/** Resolves if the node serves CQL. Neither its log nor an open port proves that. */
export const probeCql = (uri: string): Promise<void> =>
  withCassandraClient(uri, async (client) => {
    await client.execute('SELECT bootstrapped FROM system.local')
  })

/** A schema change waits for the disk, which may take long on a busy machine. */
const DROP_TIMEOUT_MS = 30_000

export async function dropKeyspace(uri: string, keyspace: string): Promise<void> {
  if (!/^[a-z]\w*$/.test(keyspace))
    throw new CodedError('BAD_KEYSPACE', `${keyspace} is not a keyspace that Threshold creates`)
  await withCassandraClient(
    uri,
    (client) => client.execute(`DROP KEYSPACE IF EXISTS ${keyspace}`),
    DROP_TIMEOUT_MS,
  )
}
