import { withCassandraClient } from '@threshold/engines'
import { CodedError } from '@threshold/kit'

/** A scan of all that a lab wrote takes longer than a question. */
const WITHIN_MS = 60_000

export type CassandraRow = Readonly<Record<string, unknown>>

/**
 * Asks a stage's own keyspace, past the stage: `keyspace` is its name, from the path of its
 * address. All rows, however many.
 */
export async function queryKeyspace<T>(
  cassandra: { readonly uri: string } | undefined,
  ask: (
    keyspace: string,
    rows: (cql: string, values?: readonly unknown[]) => Promise<CassandraRow[]>,
  ) => Promise<T>,
): Promise<T> {
  const [, keyspace] = /^cassandra:\/\/[^/]+\/(\w+)/.exec(cassandra?.uri ?? '') ?? []
  if (cassandra === undefined || keyspace === undefined)
    throw new CodedError('NO_KEYSPACE', 'this stage has no messages on Cassandra', {
      next: 'give the arm stage 2 or later',
    })
  return await withCassandraClient(
    cassandra.uri,
    (client) =>
      ask(keyspace, async (cql, values = []) => {
        const found: CassandraRow[] = []
        for await (const row of await client.execute(cql, [...values], {
          prepare: true,
          autoPage: true,
        }))
          found.push(row)
        return found
      }),
    WITHIN_MS,
  )
}
