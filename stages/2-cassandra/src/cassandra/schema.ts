import { CodedError, type Deadline } from '@threshold/kit'
import type { Client } from 'cassandra-driver'
import { CONSISTENCY } from './consistency.ts'
import type { CassandraConfig, CassandraDatabase } from './database.ts'
import { statements } from './statements.ts'

/**
 * A channel's messages lie in partitions of some days each, newest first. A page is one slice of
 * one partition, or of the few that it must walk. A busy channel without buckets would be one
 * partition that grows for ever.
 */
const TABLES = [
  `messages (
    channel_id bigint, bucket int, message_id bigint,
    v tinyint, author_id bigint, content text, write_time bigint, type tinyint,
    edited_at timestamp, tts boolean, nonce text, flags int,
    mentions frozen<list<bigint>>, mention_roles frozen<list<bigint>>, mention_everyone boolean,
    embeds text, reference_message bigint, reference_channel bigint, dedupe text, reacted boolean,
    PRIMARY KEY ((channel_id, bucket), message_id)
  ) WITH CLUSTERING ORDER BY (message_id DESC)`,
  `channel_buckets (
    channel_id bigint, bucket int, emptied boolean, PRIMARY KEY (channel_id, bucket)
  ) WITH CLUSTERING ORDER BY (bucket DESC)`,
  `reactions (
    message_id bigint, emoji text, user_id bigint, v tinyint, write_time bigint,
    PRIMARY KEY (message_id, emoji, user_id)
  )`,
  `nonces (key text PRIMARY KEY, message_id bigint, gone boolean)`,
  `settings (name text PRIMARY KEY, value text)`,
] as const

/** A schema change waits until all nodes have the same schema. */
const SCHEMA_TIMEOUT_MS = 30_000

/**
 * Creates the keyspace and the tables that are missing. A keyspace keeps the bucket width that it
 * was made with: another one is refused with `BUCKET_WIDTH`. Production would change its schema by
 * a step of the deploy and not at each start, since two versions at once may disagree on it.
 */
export async function createSchema(client: Client, config: CassandraConfig): Promise<void> {
  const { keyspace, replication, bucketDays, localDataCenter } = config
  const change = (cql: string) => client.execute(cql, [], { readTimeout: SCHEMA_TIMEOUT_MS })
  await change(
    `CREATE KEYSPACE IF NOT EXISTS ${keyspace} WITH replication = {'class': 'NetworkTopologyStrategy', '${localDataCenter}': ${replication}}`,
  )
  for (const table of TABLES) await change(`CREATE TABLE IF NOT EXISTS ${keyspace}.${table}`)
  const cql = statements(keyspace).settings
  const serial = { ...CONSISTENCY.serial, prepare: true }
  await client.execute(cql.fixWidth, [String(bucketDays)], serial)
  const found = await client.execute(cql.width, [], { ...CONSISTENCY.quorum })
  const width = Number(found.first()?.value)
  if (width !== bucketDays) {
    const why =
      `keyspace ${keyspace} has buckets of ${width} days, not of ${bucketDays}: ` +
      `messages would be looked for where they are not`
    throw new CodedError('BUCKET_WIDTH', `${why}; set THRESHOLD_BUCKET_DAYS=${width}`)
  }
}

/** Whether the keyspace has any message, written by a migration or by the stage itself. */
export async function hasMessages(
  database: CassandraDatabase,
  { keyspace }: CassandraConfig,
  deadline: Deadline,
): Promise<boolean> {
  const { any } = statements(keyspace).messages
  return (await database.run('has-messages', deadline, (execute) => execute(any, []))).length > 0
}

/** Serves /readyz: writes one row and reads, at as many replicas as a request does. */
export async function probe(
  database: CassandraDatabase,
  { keyspace }: CassandraConfig,
  deadline: Deadline,
): Promise<void> {
  const cql = statements(keyspace).settings
  const now = new Date()
  await database.run('probe', deadline, (execute) =>
    Promise.all([
      execute(cql.probe, [now.toISOString(), BigInt(now.getTime()) * 1_000n]),
      execute(cql.width, []),
    ]),
  )
}
