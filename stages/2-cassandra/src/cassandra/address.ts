import { CodedError } from '@threshold/kit'

export interface CassandraAddress {
  readonly contactPoints: readonly string[]
  readonly port: number
  /** The data centre whose nodes this process asks; those of others are for others. */
  readonly localDataCenter: string
  readonly keyspace: string
  readonly credentials?: { readonly username: string; readonly password: string }
}

const SHAPE =
  /^cassandra:\/\/(?:([^:@/]+):([^@/]+)@)?([^/:?@]+):(\d{1,5})\/([a-z]\w{0,47})(?:\?dc=([\w.-]+))?$/

/**
 * `cassandra://[user:password@]host[,host]:port/keyspace[?dc=name]`. Any living node tells of all
 * the others: several hosts are there for the day on which the first of them is down. An error
 * never repeats the address, since it may hold a password.
 */
export function cassandraAddress(uri: string): CassandraAddress {
  const [, username, password, hosts, port, keyspace, dc] = SHAPE.exec(uri) ?? []
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
