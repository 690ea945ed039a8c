import { randomBytes } from 'node:crypto'
import { dropKeyspace, identify, withCassandraClient } from '@threshold/engines'
import { MongoClient } from 'mongodb'
import { machineId } from './environment.ts'

const PREFIX = 'threshold_lab'

/**
 * Of a database or a keyspace: says which machine and process it belongs to, so that what a killed
 * lab leaves can be told.
 */
export const newDatabaseName = (): string =>
  `${PREFIX}_${machineId()}_${process.pid}_${randomBytes(4).toString('hex')}`

/**
 * On an engine that outlives the lab, databases of labs that were killed stay. Whoever comes next
 * removes them.
 */
export async function dropStaleDatabases(uri: string): Promise<void> {
  const client = new MongoClient(uri, { serverSelectionTimeoutMS: 5_000, maxPoolSize: 1 })
  try {
    const { databases } = await client.db('admin').admin().listDatabases({ nameOnly: true })
    for (const { name } of databases) if (await isStale(name)) await client.db(name).dropDatabase()
  } finally {
    await client.close(true)
  }
}

/** The same for keyspaces. */
export async function dropStaleKeyspaces(uri: string): Promise<void> {
  const { rows } = await withCassandraClient(uri, (client) =>
    client.execute('SELECT keyspace_name FROM system_schema.keyspaces'),
  )
  for (const { keyspace_name: name } of rows)
    if (await isStale(String(name))) await dropKeyspace(uri, String(name))
}

async function isStale(name: string): Promise<boolean> {
  const [, mark, pid] = new RegExp(`^${PREFIX}_([0-9a-f]+)_([0-9]+)_`).exec(name) ?? []
  return mark === machineId() && (await identify(Number(pid))) === undefined
}
