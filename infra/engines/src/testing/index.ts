import { randomBytes } from 'node:crypto'
import { CodedError } from '@threshold/kit'
import { inject } from 'vitest'
import { dropKeyspace, withKeyspace } from '../cassandra/address.ts'
import type { CassandraEngine, StartCassandraOptions } from '../cassandra/engine.ts'
import { startCassandra } from '../cassandra/start.ts'
import type { Engine, EngineLabel } from '../engine.ts'
import { acquireLock } from '../lock.ts'
import { dropDatabase, withDatabase } from '../mongodb/database.ts'
import { type StartMongoOptions, startMongo } from '../mongodb/start.ts'
import type { NatsEngine, StartNatsOptions } from '../nats/engine.ts'
import { startNats } from '../nats/start.ts'
import { dropIndexes } from '../opensearch/probe.ts'
import {
  fetchSharedEngine,
  type HostedKind,
  type SharedEngine,
  testCassandra,
  testEngine,
} from './host.ts'

export { acquireLock } from '../lock.ts'
export { allTests, clusterTests, iterations } from './breadth.ts'
export { canStartContainers, containersOfCache } from './containers.ts'
export { type SmallDisk, smallDisk, smallDiskProblem } from './small-disk.ts'
export { killWithWatchers, watchersOf } from './unwatched.ts'

export interface LeasedDatabase extends AsyncDisposable {
  /** The address, which includes the database name. */
  readonly uri: string
  readonly name: string
  readonly label: EngineLabel
}

export interface LeasedKeyspace extends AsyncDisposable {
  /** The address, with the keyspace in its path. */
  readonly uri: string
  readonly keyspace: string
  readonly label: EngineLabel
}

/**
 * An empty database on the engine that all tests of this run share. It is cheap: take one for each
 * suite or test. Disposing drops it. A suite that kills, pauses or floods its engine takes a
 * `dedicatedMongo`.
 */
export async function leaseDatabase(): Promise<LeasedDatabase> {
  const { uri, label } = await sharedEngine('mongodb')
  const name = newName()
  return {
    uri: withDatabase(uri, name),
    name,
    label,
    [Symbol.asyncDispose]: () => dropDatabase(uri, name),
  }
}

/**
 * A unique keyspace name on the run's shared Cassandra. The caller creates the keyspace; disposing
 * drops it.
 */
export async function leaseKeyspace(): Promise<LeasedKeyspace> {
  const { uri, label } = await sharedEngine('cassandra')
  const keyspace = newName()
  return {
    uri: withKeyspace(uri, keyspace),
    keyspace,
    label,
    [Symbol.asyncDispose]: () => dropKeyspace(uri, keyspace),
  }
}

/** The address of a unique index on the run's shared OpenSearch. Disposing drops it. */
export async function leaseIndex(): Promise<{ readonly uri: string } & AsyncDisposable> {
  const uri = `${(await sharedEngine('opensearch')).uri}/${newName()}`
  return { uri, [Symbol.asyncDispose]: () => dropIndexes(uri) }
}

/**
 * A MongoDB for one suite, which may kill, pause and restart it. Stop it, or bind it with
 * `await using`.
 */
export async function dedicatedMongo(
  options: Omit<StartMongoOptions, 'managed'> = {},
): Promise<Engine> {
  const { provider, prefer } = testEngine()
  // An external engine must not be killed, so the best managed engine is used instead.
  return await startMongo({
    ...(provider === 'external' ? {} : { provider }),
    prefer,
    ...options,
    managed: true,
  })
}

/**
 * A Cassandra for one suite. Only one exists at a time on this machine: it runs beside the shared
 * one, and two cores cannot carry a third JVM.
 */
export async function dedicatedCassandra(
  options: Omit<StartCassandraOptions, 'managed'> = {},
): Promise<CassandraEngine> {
  const { provider, ...rest } = testCassandra()
  const release = await acquireLock('own-cassandra-of-a-test')
  try {
    const engine = await startCassandra({
      ...rest,
      ...(provider === 'external' ? {} : { provider }),
      ...options,
      managed: true,
    })
    const end = engine.stop.bind(engine)
    const stop = (): Promise<void> => end().finally(release)
    return Object.assign(engine, { stop, [Symbol.asyncDispose]: stop })
  } catch (error) {
    release()
    throw error
  }
}

/**
 * A NATS for one suite, which may kill, pause and restart it. No suites share one: a server starts
 * in a tenth of a second and takes 25 MB.
 */
export async function dedicatedNats(
  options: Omit<StartNatsOptions, 'managed'> = {},
): Promise<NatsEngine> {
  const { provider, prefer } = testEngine()
  return await startNats({
    ...(provider === 'external' ? {} : { provider }),
    prefer,
    ...options,
    managed: true,
  })
}

const newName = (): string => `test_${process.pid}_${randomBytes(6).toString('hex')}`

async function sharedEngine(kind: HostedKind): Promise<SharedEngine> {
  const host = inject('thresholdEngineHost')
  if (host === undefined) {
    throw new CodedError('NO_ENGINE_HOST', 'no engine host runs for these tests', {
      next: 'run vitest with the root configuration, whose globalSetup starts the engine host',
    })
  }
  return await fetchSharedEngine(host, kind)
}
