import { randomBytes } from 'node:crypto'
import { CodedError } from '@threshold/kit'
import { inject } from 'vitest'
import { dropKeyspace, withKeyspace } from '../cassandra/address.ts'
import type { CassandraEngine, StartCassandraOptions } from '../cassandra/engine.ts'
import { startCassandra } from '../cassandra/start.ts'
import type { Engine, EngineLabel } from '../engine.ts'
import { withLock } from '../lock.ts'
import { dropDatabase, withDatabase } from '../mongodb/database.ts'
import { type StartMongoOptions, startMongo } from '../mongodb/start.ts'
import {
  fetchSharedEngine,
  type HostedKind,
  type SharedEngine,
  testCassandra,
  testEngine,
} from './host.ts'

export { allTests, clusterTests, iterations } from './breadth.ts'
export { canStartContainers, containersOfCache } from './containers.ts'
export { type SmallDisk, smallDisk, smallDiskProblem } from './small-disk.ts'
export { killWithWatchers, watchersOf } from './unwatched.ts'

export interface LeasedDatabase extends AsyncDisposable {
  /** With the database's name in it. */
  readonly uri: string
  readonly name: string
  readonly label: EngineLabel
}

export interface LeasedKeyspace extends AsyncDisposable {
  /** With the keyspace in its path. */
  readonly uri: string
  readonly keyspace: string
  readonly label: EngineLabel
}

/**
 * An empty database on the engine that all tests of this run share. Cheap: take one for each suite,
 * or each test. Dispose drops it. A suite that kills, pauses or floods its engine must not do so to
 * everybody's: see `dedicatedMongo`.
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
 * The same on the run's Cassandra: the name of a keyspace that nobody else has, made by whoever
 * uses it; dispose drops it.
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

/**
 * An engine for this suite alone, one that may be killed, paused and restarted. Stop it, or hold it
 * by `await using`.
 */
export async function dedicatedMongo(
  options: Omit<StartMongoOptions, 'ours'> = {},
): Promise<Engine> {
  const { provider, prefer } = testEngine()
  // An external engine is everybody's: what is to be killed is then the best of ours.
  return await startMongo({
    ...(provider === 'external' ? {} : { provider }),
    prefer,
    ...options,
    managed: true,
  })
}

/**
 * The same for Cassandra. One at a time on this machine: with the one that is shared that is two
 * JVMs, and two cores bear no third.
 */
export async function dedicatedCassandra(
  options: Omit<StartCassandraOptions, 'ours'> = {},
): Promise<CassandraEngine> {
  const { provider, ...rest } = testCassandra()
  const leave = await acquireLock('own-cassandra-of-a-test')
  try {
    const engine = await startCassandra({
      ...rest,
      ...(provider === 'external' ? {} : { provider }),
      ...options,
      managed: true,
    })
    const end = engine.stop.bind(engine)
    const stop = (): Promise<void> => end().finally(leave)
    return Object.assign(engine, { stop, [Symbol.asyncDispose]: stop })
  } catch (error) {
    leave()
    throw error
  }
}

/** One at a time on this machine, of all who name the same. Resolves with the way out. */
export async function acquireLock(name: string): Promise<() => void> {
  const [mine, over] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
  withLock(name, {}, () => {
    mine.resolve()
    return over.promise
  }).catch(mine.reject)
  await mine.promise
  return over.resolve
}

const newName = (): string => `test_${process.pid}_${randomBytes(6).toString('hex')}`

async function sharedEngine(kind: HostedKind): Promise<SharedEngine> {
  const host = inject('thresholdEngineHost')
  if (host === undefined) {
    throw new CodedError('NO_ENGINE_HOST', 'no engine host runs beside these tests', {
      next: "run vitest with the configuration at the root, whose globalSetup is infra/engines' testing/global-setup.ts",
    })
  }
  return await fetchSharedEngine(host, kind)
}
