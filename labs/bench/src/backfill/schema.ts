import { openKeyspace } from './rows.ts'

/** A schema change waits for the disk. */
const TIMEOUT_MS = 30_000

/** Creates the tables of one keyspace in another one, from Cassandra's own description of them. */
export async function copySchema(from: string, keyspace: string): Promise<void> {
  await using original = await openKeyspace(from)
  const { client, name } = original
  const { rows } = await client.execute(`DESCRIBE KEYSPACE ${name}`)
  for (const { create_statement: statement } of rows)
    await client.execute(
      String(statement).replaceAll(new RegExp(`\\b${name}\\b`, 'g'), keyspace),
      [],
      { readTimeout: TIMEOUT_MS },
    )
}
