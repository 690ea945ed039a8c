import { createHash } from 'node:crypto'
import { openKeyspace } from './rows.ts'

/** What a contestant left behind. Two who wrote the same rows left the same digest. */
export interface TableContents {
  readonly rows: number
  readonly buckets: number
  readonly readContents: string
  /** Rows whose time at Cassandra is the one that the message was written at. */
  readonly atTheirTime: number
}

const FETCHED = 2_000

/**
 * All of it, column by column, in the order of the partitioner, which is the same for the same
 * keys.
 */
export async function digest(uri: string): Promise<TableContents> {
  await using keyspace = await openKeyspace(uri)
  const { client, name } = keyspace
  const { columns } = await client.metadata.getTable(name, 'messages')
  const names = columns.map((column) => column.name).toSorted()
  const select = `SELECT ${names.join(', ')}, WRITETIME(content) AS written_at FROM ${name}.messages`
  const hash = createHash('sha256')
  let rows = 0
  let atTheirTime = 0
  for await (const row of await client.execute(select, [], { prepare: true, fetchSize: FETCHED })) {
    rows += 1
    hash.update(names.map((column) => String(row[column])).join('\u001f'))
    if (row.written_at === row.write_time) atTheirTime += 1
  }
  const [{ count }] = (await client.execute(`SELECT count(*) FROM ${name}.channel_buckets`))
    .rows as unknown as [{ count: bigint }]
  return { rows, buckets: Number(count), readContents: hash.digest('hex'), atTheirTime }
}
