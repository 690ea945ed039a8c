import { DISCORD_EPOCH, timeOf } from '@threshold/contract'
import { parseCassandraUri } from '@threshold/engines'
import { CodedError } from '@threshold/kit'
import { Client } from 'cassandra-driver'
import { MongoClient } from 'mongodb'

/** The columns that the messages of this bench use. The store's other columns stay empty. */
export const COLUMNS = [
  'channel_id',
  'bucket',
  'message_id',
  'v',
  'author_id',
  'content',
  'write_time',
  'type',
] as const

/** The values in the order of the columns. */
export type MessageRow = readonly [bigint, number, bigint, number, bigint, string, bigint, number]

interface MessageDocument {
  readonly _id: bigint
  readonly v: bigint | number
  readonly channelId: bigint
  readonly authorId: bigint
  readonly content: string
  readonly writeTime: bigint
  readonly type: bigint | number
}

const DAY_MS = 86_400_000
/** Documents that the driver fetches at a time. */
const BATCH = 1_000

/** Reads all messages, oldest first, as a plain script does. */
export async function* readRows(mongodb: string, bucketDays: number): AsyncGenerator<MessageRow> {
  await using use = new AsyncDisposableStack()
  const client = new MongoClient(mongodb, { useBigInt64: true, maxPoolSize: 1 })
  use.defer(() => client.close())
  const all = client
    .db()
    .collection<MessageDocument>('messages')
    .find({}, { batchSize: BATCH })
    .sort({ _id: 1 })
  for await (const { _id, v, channelId, authorId, content, writeTime, type } of all) {
    const bucket = Math.floor((timeOf(String(_id)) - DISCORD_EPOCH) / (bucketDays * DAY_MS))
    yield [channelId, bucket, _id, Number(v), authorId, content, writeTime, Number(type)]
  }
}

export async function countRows(mongodb: string): Promise<number> {
  await using use = new AsyncDisposableStack()
  const client = new MongoClient(mongodb, { maxPoolSize: 1 })
  use.defer(() => client.close())
  return await client.db().collection('messages').countDocuments()
}

export interface OpenKeyspace extends AsyncDisposable {
  readonly client: Client
  readonly name: string
}

export async function openKeyspace(uri: string): Promise<OpenKeyspace> {
  const { contactPoints, port, localDataCenter, credentials, keyspace } = parseCassandraUri(uri)
  if (keyspace === undefined)
    throw new CodedError('BAD_CASSANDRA_URI', 'a bench needs a keyspace in the path of the address')
  const client = new Client({
    contactPoints: contactPoints.map((host) => `${host}:${port}`),
    localDataCenter,
    protocolOptions: { port },
    encoding: { useBigIntAsLong: true },
    ...(credentials ? { credentials } : {}),
  })
  await client.connect()
  return { client, name: keyspace, [Symbol.asyncDispose]: () => client.shutdown() }
}
