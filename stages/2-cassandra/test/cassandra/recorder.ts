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
 * The database with a driver that writes down what it is given, and answers with rows that were
 * made up. No server could tell what it was asked for in vain: options say what the driver does
 * when a node is slow or gone. What statements do is tested on Cassandra itself.
 */
export async function recorded(config: CassandraConfig, answer: (cql: string) => readonly Row[]) {
  const sent: Sent[] = []
  const execute = async (client: Client, cql: string, options: QueryOptions = {}) => {
    sent.push({ cql, options: { ...optionsOf(client).queryOptions, ...options } })
    const rows = answer(cql)
    return { rows, first: () => rows[0] ?? null, pageState: null }
  }
  using _ = vi.spyOn(Client.prototype, 'connect').mockResolvedValue()
  using executed = vi.spyOn(Client.prototype, 'execute')
  executed.mockImplementation(function (
    this: Client,
    cql: string,
    _values: unknown,
    options?: QueryOptions,
  ) {
    return execute(this, cql, options)
  } as never)
  const database = await cassandraDatabase(config)
  const { client } = database
  const recording = {
    execute: (cql: string, _values: unknown, options?: QueryOptions) =>
      execute(client, cql, options),
  }
  return {
    database: { ...database, client: Object.assign(client, recording) },
    driver: optionsOf(client),
    sent,
  }
}

const optionsOf = (client: Client): DriverOptions =>
  (client as unknown as { options: DriverOptions }).options
