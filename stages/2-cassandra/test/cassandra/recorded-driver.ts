import { Client, type policies, type QueryOptions } from 'cassandra-driver'
import { vi } from 'vitest'
import {
  type CassandraConfig,
  type CassandraRow,
  cassandraDatabase,
} from '../../src/cassandra/database.ts'

export interface SentStatement {
  readonly cql: string
  readonly options: QueryOptions
}

/** The driver's options for all statements together. Its own types leave them out. */
interface DriverOptions {
  readonly queryOptions: QueryOptions
  readonly policies: {
    readonly retry: policies.retry.RetryPolicy
    readonly speculativeExecution: policies.speculativeExecution.SpeculativeExecutionPolicy
  }
}

export const config: CassandraConfig = {
  contactPoints: ['127.0.0.1'],
  port: 9_042,
  localDataCenter: 'datacenter1',
  keyspace: 'recorded',
  replication: 1,
  bucketDays: 10,
}

/** The only row that opening the database reads. */
const WIDTH: CassandraRow = { value: String(config.bucketDays) }

/**
 * The database with a driver that records statements and answers rows from `answer`. The options of
 * a statement decide what the driver does when a node is slow or gone, which no server could tell.
 * The effects of statements are tested on Cassandra itself.
 */
export async function recordedDriver(
  config: CassandraConfig,
  answer: (cql: string) => readonly CassandraRow[] = () => [WIDTH],
) {
  const sent: SentStatement[] = []
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
