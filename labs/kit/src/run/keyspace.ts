import { withCassandraClient } from '@threshold/engines'
import { CodedError } from '@threshold/kit'

/** A scan of everything that a lab wrote may take this long. */
const TIMEOUT_MS = 60_000

export type CassandraRow = Readonly<Record<string, unknown>>

/**
 * Queries the stage's keyspace directly, bypassing the stage. `query` receives the keyspace's name
 * and a function that returns all rows of a statement.
 */
export async function queryKeyspace<T>(
  cassandra: { readonly uri: string } | undefined,
  query: (
    keyspace: string,
    rows: (cql: string, values?: readonly unknown[]) => Promise<CassandraRow[]>,
  ) => Promise<T>,
): Promise<T> {
  const [, keyspace] = /^cassandra:\/\/[^/]+\/(\w+)/.exec(cassandra?.uri ?? '') ?? []
  if (cassandra === undefined || keyspace === undefined)
    throw new CodedError('NO_KEYSPACE', 'this stage does not store messages in Cassandra', {
      next: 'give the arm stage 2 or later',
    })
  return await withCassandraClient(
    cassandra.uri,
    (client) =>
      query(keyspace, async (cql, values = []) => {
        const found: CassandraRow[] = []
        for await (const row of await client.execute(cql, [...values], {
          prepare: true,
          autoPage: true,
        }))
          found.push(row)
        return found
      }),
    TIMEOUT_MS,
  )
}
