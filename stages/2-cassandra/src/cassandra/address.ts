import { CodedError } from '@threshold/kit'

export interface CassandraAddress {
  readonly contactPoints: readonly string[]
  readonly port: number
  /** The data centre whose nodes this process uses. */
  readonly localDataCenter: string
  readonly keyspace: string
  readonly credentials?: { readonly username: string; readonly password: string }
}

const ADDRESS =
  /^cassandra:\/\/(?:([^:@/]+):([^@/]+)@)?([^/:?@]+):(\d{1,5})\/([a-z]\w{0,47})(?:\?dc=([\w.-]+))?$/

/**
 * Reads `cassandra://[user:password@]host[,host]:port/keyspace[?dc=name]`. Any living node knows
 * all others; several hosts help when the first is down. Throws `BAD_CONFIG`, and never repeats the
 * address, which may hold a password.
 */
export function cassandraAddress(uri: string): CassandraAddress {
  const [, username, password, hosts, port, keyspace, dc] = ADDRESS.exec(uri) ?? []
  if (hosts === undefined || keyspace === undefined) {
    throw new CodedError(
      'BAD_CONFIG',
      'THRESHOLD_CASSANDRA_URI: must be cassandra://host[,host]:port/keyspace[?dc=name]',
    )
  }
  return {
    contactPoints: hosts.split(','),
    port: Number(port),
    localDataCenter: dc ?? 'datacenter1',
    keyspace: keyspace.toLowerCase(), // as CQL reads a name without quotes
    ...(username === undefined
      ? {}
      : {
          credentials: {
            username: decodeURIComponent(username),
            password: decodeURIComponent(password ?? ''),
          },
        }),
  }
}
