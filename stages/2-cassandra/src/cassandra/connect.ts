import { CodedError, hasCode, unavailable } from '@threshold/kit'
import type { Client } from 'cassandra-driver'
import type { CassandraConfig } from './database.ts'
import { permanentErrorIn, reasonOf } from './refusals.ts'
import { createSchema } from './schema.ts'

/**
 * Connects and creates the schema. May be repeated after any failure. Rejects with `UNAVAILABLE`
 * where waiting may help, and with `CASSANDRA_REFUSED` or `BUCKET_WIDTH` where an operator must
 * change something.
 */
export async function connect(
  client: Client,
  config: CassandraConfig,
  stopped: () => boolean,
): Promise<void> {
  try {
    await client.connect()
    if (!stopped()) await createSchema(client, config)
  } catch (error) {
    if (hasCode(error)) throw error
    const refusal = permanentErrorIn(error)
    if (refusal === undefined) throw unavailable('Cassandra', error)
    throw new CodedError(
      'CASSANDRA_REFUSED',
      `Cassandra answers and cannot be used: ${reasonOf(refusal)}`,
      {
        cause: error,
        next:
          'check THRESHOLD_CASSANDRA_URI: host, data centre, user and password, and what ' +
          'that user may do',
      },
    )
  }
}
