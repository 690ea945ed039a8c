import { firstIdAt } from '@threshold/contract'
import { queryKeyspace, type TrialContext } from '@threshold/lab-kit'
import { MongoClient } from 'mongodb'

/** What was sent within the last moments may be in one store and on its way to the other. */
const SETTLED_MS = 3_000

export interface Comparison {
  /** Messages that both stores hold, or one of them. */
  readonly messages: number
  /** Those that only one holds, or whose text, author, time of writing or time of edit differ. */
  readonly different: number
}

/** Both stores read whole, past the stage and past the migrator. */
export async function compareStores({ mongo, cassandra }: TrialContext): Promise<Comparison> {
  const until = BigInt(firstIdAt(Date.now() - SETTLED_MS))
  const [ours, theirs] = await Promise.all([
    onMongo(mongo.uri, until),
    onCassandra(cassandra, until),
  ])
  const ids = new Set([...ours.keys(), ...theirs.keys()])
  return {
    messages: ids.size,
    different: [...ids].filter((id) => ours.get(id) !== theirs.get(id)).length,
  }
}

async function onMongo(uri: string, until: bigint): Promise<Map<string, string>> {
  const client = new MongoClient(uri, {
    serverSelectionTimeoutMS: 5_000,
    maxPoolSize: 1,
    useBigInt64: true,
  })
  try {
    const found = await client.db().collection('messages').find().toArray()
    return before(
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

const onCassandra = (
  cassandra: TrialContext['cassandra'],
  until: bigint,
): Promise<Map<string, string>> =>
  queryKeyspace(cassandra, async (keyspace, rows) => {
    const found = await rows(
      `SELECT message_id, content, author_id, write_time, edited_at FROM ${keyspace}.messages`,
    )
    return before(
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

/** By id, all that is compared in one text. */
const before = (until: bigint, messages: readonly ComparedFields[]): Map<string, string> =>
  new Map(
    messages
      .map(([id, content, author, writeTime, editedAt]) => {
        const edited = editedAt == null ? '' : Number(editedAt)
        return [String(id), [author, writeTime, edited, content].join(' ')] as const
      })
      .filter(([id]) => BigInt(id) < until),
  )
