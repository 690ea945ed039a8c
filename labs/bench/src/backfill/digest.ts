import { createHash } from 'node:crypto'
import { openKeyspace } from './rows.ts'

/** The rows that a writer left. Equal rows have equal digests. */
export interface TableContents {
  readonly rows: number
  readonly buckets: number
  readonly digest: string
  /** Rows whose timestamp in Cassandra is the message's original write time. */
  readonly withOriginalTime: number
}

const FETCH_SIZE = 2_000

/**
 * Reads all columns of all rows in the order of the partitioner, which depends only on the keys.
 */
export async function readContents(uri: string): Promise<TableContents> {
  await using keyspace = await openKeyspace(uri)
  const { client, name } = keyspace
  const { columns } = await client.metadata.getTable(name, 'messages')
  const names = columns.map((column) => column.name).toSorted()
  const select = `SELECT ${names.join(', ')}, WRITETIME(content) AS written_at FROM ${name}.messages`
  const hash = createHash('sha256')
  let rows = 0
  let withOriginalTime = 0
  for await (const row of await client.execute(select, [], {
    prepare: true,
    fetchSize: FETCH_SIZE,
  })) {
    rows += 1
    hash.update(names.map((column) => String(row[column])).join('\u001f'))
    if (row.written_at === row.write_time) withOriginalTime += 1
  }
  const [{ count }] = (await client.execute(`SELECT count(*) FROM ${name}.channel_buckets`))
    .rows as unknown as [{ count: bigint }]
  return { rows, buckets: Number(count), digest: hash.digest('hex'), withOriginalTime }
}
