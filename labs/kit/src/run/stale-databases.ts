import { randomBytes } from 'node:crypto'
import { dropKeyspace, identify, withCassandraClient } from '@threshold/engines'
import { MongoClient } from 'mongodb'
import { machineId } from './environment.ts'

const PREFIX = 'threshold_lab'

/**
 * Returns a name for a database or keyspace. It contains the machine and the process, so that a
 * later lab can tell which databases belong to labs that were killed.
 */
export const newDatabaseName = (): string =>
  `${PREFIX}_${machineId()}_${process.pid}_${randomBytes(4).toString('hex')}`

/** Drops databases that killed labs of this machine left on an engine that outlives them. */
export async function dropStaleDatabases(uri: string): Promise<void> {
  const client = new MongoClient(uri, { serverSelectionTimeoutMS: 5_000, maxPoolSize: 1 })
  try {
    const { databases } = await client.db('admin').admin().listDatabases({ nameOnly: true })
    for (const { name } of databases) if (await isStale(name)) await client.db(name).dropDatabase()
  } finally {
    await client.close(true)
  }
}

/** Drops keyspaces that killed labs of this machine left. */
export async function dropStaleKeyspaces(uri: string): Promise<void> {
  const { rows } = await withCassandraClient(uri, (client) =>
    client.execute('SELECT keyspace_name FROM system_schema.keyspaces'),
  )
  for (const { keyspace_name: name } of rows)
    if (await isStale(String(name))) await dropKeyspace(uri, String(name))
}

async function isStale(name: string): Promise<boolean> {
  const [, machine, pid] = new RegExp(`^${PREFIX}_([0-9a-f]+)_([0-9]+)_`).exec(name) ?? []
  return machine === machineId() && (await identify(Number(pid))) === undefined
}
