import { openKeyspace } from './rows.ts'

/** A change of schema waits for the disk. */
const WITHIN_MS = 30_000

/**
 * The same tables in another keyspace, as Cassandra itself describes those that the stage has made.
 */
export async function copySchema(from: string, keyspace: string): Promise<void> {
  await using original = await openKeyspace(from)
  const { client, name } = original
  const { rows } = await client.execute(`DESCRIBE KEYSPACE ${name}`)
  for (const { create_statement: statement } of rows)
    await client.execute(
      String(statement).replaceAll(new RegExp(`\\b${name}\\b`, 'g'), keyspace),
      [],
      { readTimeout: WITHIN_MS },
    )
}
