import { firstIdAt } from '@threshold/contract'
import { queryKeyspace, type TrialContext } from '@threshold/lab-kit'
import { MongoClient } from 'mongodb'

/** A message of the last moments may be in one store and still on its way to the other. */
const IGNORED_MS = 3_000

export interface Comparison {
  /** Messages that at least one store has. */
  readonly messages: number
  /** Messages that only one store has, or whose text, author, write time or edit time differ. */
  readonly different: number
}

/** Reads both stores completely, without the stage or the migrator. */
export async function compareStores({ mongo, cassandra }: TrialContext): Promise<Comparison> {
  const until = BigInt(firstIdAt(Date.now() - IGNORED_MS))
  const [mongoRows, cassandraRows] = await Promise.all([
    readMongo(mongo.uri, until),
    readCassandra(cassandra, until),
  ])
  const ids = new Set([...mongoRows.keys(), ...cassandraRows.keys()])
  return {
    messages: ids.size,
    different: [...ids].filter((id) => mongoRows.get(id) !== cassandraRows.get(id)).length,
  }
}

async function readMongo(uri: string, until: bigint): Promise<Map<string, string>> {
  const client = new MongoClient(uri, {
    serverSelectionTimeoutMS: 5_000,
    maxPoolSize: 1,
    useBigInt64: true,
  })
  try {
    const found = await client.db().collection('messages').find().toArray()
    return fieldsById(
      until,
      found.map(({ _id, authorId, content, writeTime, editedAt }) => [
        _id,
        content,
        authorId,
        writeTime,
        editedAt,
      ]),
    )
  } finally {
    await client.close(true)
  }
}

const readCassandra = (
  cassandra: TrialContext['cassandra'],
  until: bigint,
): Promise<Map<string, string>> =>
  queryKeyspace(cassandra, async (keyspace, rows) => {
    const found = await rows(
      `SELECT message_id, content, author_id, write_time, edited_at FROM ${keyspace}.messages`,
    )
    return fieldsById(
      until,
      found.map((row) => [
        row.message_id,
        row.content,
        row.author_id,
        row.write_time,
        row.edited_at,
      ]),
    )
  })

type ComparedFields = readonly [
  id: unknown,
  content: unknown,
  author: unknown,
  writeTime: unknown,
  editedAt: unknown,
]

/** Returns the compared fields of each message as one string, by id. */
const fieldsById = (until: bigint, messages: readonly ComparedFields[]): Map<string, string> =>
  new Map(
    messages
      .map(([id, content, author, writeTime, editedAt]) => {
        const edited = editedAt == null ? '' : Number(editedAt)
        return [String(id), [author, writeTime, edited, content].join(' ')] as const
      })
      .filter(([id]) => BigInt(id) < until),
  )
