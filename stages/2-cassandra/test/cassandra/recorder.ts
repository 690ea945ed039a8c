import { Client, type policies, type QueryOptions } from 'cassandra-driver'
import { vi } from 'vitest'
import { type CassandraConfig, cassandraDatabase, type Row } from '../../src/cassandra/database.ts'

export interface Sent {
  readonly cql: string
  readonly options: QueryOptions
}

/** What the driver was told for all statements together. Its own types leave it out. */
interface DriverOptions {
  readonly queryOptions: QueryOptions
  readonly policies: {
    readonly retry: policies.retry.RetryPolicy
    readonly speculativeExecution: policies.speculativeExecution.SpeculativeExecutionPolicy
  }
}

/**
 * The database with a driver that writes down what it is given, and answers with rows that were made up. No server could tell
 * what it was asked for in vain: options say what the driver does when a node is slow or gone. What statements do is tested
 * on Cassandra itself.
 */
export async function recorded(config: CassandraConfig, answer: (cql: string) => readonly Row[]) {
  using _ = vi.spyOn(Client.prototype, 'connect').mockResolvedValue()
  const database = await cassandraDatabase(config)
  const { client } = database
  const { options: driver } = client as unknown as { options: DriverOptions }
  const sent: Sent[] = []
  const execute = async (cql: string, _values: unknown, options: QueryOptions = {}) => {
    sent.push({ cql, options: { ...driver.queryOptions, ...options } })
    const rows = answer(cql)
    return { rows, first: () => rows[0] ?? null, pageState: null }
  }
  return { database: { ...database, client: Object.assign(client, { execute }) }, driver, sent }
}
