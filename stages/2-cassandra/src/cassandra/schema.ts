import { CodedError, type Deadline } from '@threshold/kit'
import type { Client } from 'cassandra-driver'
import { CONSISTENCY } from './consistency.ts'
import type { CassandraConfig, CassandraDatabase } from './database.ts'

/**
 * A channel's messages lie in partitions of some days each, newest first: a page is one slice of
 * one partition, or of as many as it must walk. Without the bucket a busy channel would be one
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
  `channel_buckets (channel_id bigint, bucket int, emptied boolean, PRIMARY KEY (channel_id, bucket)) WITH CLUSTERING ORDER BY (bucket DESC)`,
  `reactions (
    message_id bigint, emoji text, user_id bigint, v tinyint, write_time bigint,
    PRIMARY KEY (message_id, emoji, user_id)
  )`,
  `nonces (key text PRIMARY KEY, message_id bigint, gone boolean)`,
  `settings (name text PRIMARY KEY, value text)`,
] as const

/** A change of schema waits for all nodes to agree. */
const SCHEMA_WITHIN_MS = 30_000

const widthOf = (keyspace: string): string =>
  `SELECT value FROM ${keyspace}.settings WHERE name = 'bucket_days'`

/**
 * Makes keyspace and tables where they are missing. A keyspace keeps the width of bucket that it
 * was made with. Production would change its schema by a step of the deploy and not at each start:
 * two versions at once may disagree on it.
 */
export async function createSchema(client: Client, config: CassandraConfig): Promise<void> {
  const { keyspace, replication, bucketDays, localDataCenter } = config
  const change = (cql: string) => client.execute(cql, [], { readTimeout: SCHEMA_WITHIN_MS })
  await change(
    `CREATE KEYSPACE IF NOT EXISTS ${keyspace} WITH replication = {'class': 'NetworkTopologyStrategy', '${localDataCenter}': ${replication}}`,
  )
  for (const table of TABLES) await change(`CREATE TABLE IF NOT EXISTS ${keyspace}.${table}`)
  const insert = `INSERT INTO ${keyspace}.settings (name, value) VALUES ('bucket_days', ?) IF NOT EXISTS`
  await client.execute(insert, [String(bucketDays)], { ...CONSISTENCY.serial, prepare: true })
  const held = Number(
    (await client.execute(widthOf(keyspace), [], { ...CONSISTENCY.quorum })).first()?.value,
  )
  if (held !== bucketDays) {
    const why = `keyspace ${keyspace} has buckets of ${held} days, not of ${bucketDays}: messages would be looked for where they are not`
    throw new CodedError('BUCKET_WIDTH', `${why}; set THRESHOLD_BUCKET_DAYS=${held}`)
  }
}

/** Whether there are any in this keyspace: of whatever move, or of none. */
export async function hasMessages(
  database: CassandraDatabase,
  { keyspace }: CassandraConfig,
  deadline: Deadline,
): Promise<boolean> {
  const first = `SELECT author_id FROM ${keyspace}.messages LIMIT 1`
  return (await database.run('look', deadline, (execute) => execute(first, []))).length > 0
}

/** Writes and reads, as a request does, at as many replicas. It overwrites one row. For /readyz. */
export async function probe(
  database: CassandraDatabase,
  { keyspace }: CassandraConfig,
  deadline: Deadline,
): Promise<void> {
  const write = `INSERT INTO ${keyspace}.settings (name, value) VALUES ('readiness', ?) USING TIMESTAMP ?`
  const now = new Date()
  await database.run('probe', deadline, (execute) =>
    Promise.all([
      execute(write, [now.toISOString(), BigInt(now.getTime()) * 1_000n]),
      execute(widthOf(keyspace), []),
    ]),
  )
}
