import {
  type CassandraEngine,
  dropDatabase,
  dropKeyspace,
  type Engine,
  type EngineLabel,
  listStages,
  type OnProgress,
  startCassandra,
  startMongo,
  withDatabase,
  withKeyspace,
} from '@threshold/engines'
import { CodedError } from '@threshold/kit'
import type { PlannedArm } from '../plan.ts'
import type { Size } from '../spec.ts'
import { dropStaleDatabases, dropStaleKeyspaces, newDatabaseName } from './stale-databases.ts'

/** An engine that the caller owns. A lab may use it, but neither kill nor limit it. */
export interface SharedEngine {
  readonly uri: string
  readonly label: EngineLabel
}

/** `engine` is undefined if the lab did not start it. */
interface EngineHandle<E extends Engine> extends SharedEngine {
  readonly engine: E | undefined
}

/** The databases of one system: its own database and, if the stage needs it, its own keyspace. */
export interface SystemEngines {
  readonly mongo: EngineHandle<Engine>
  readonly cassandra: EngineHandle<CassandraEngine> | undefined
  /** Names both engines in one line, which the report shows beside every figure. */
  readonly label: EngineLabel
}

export interface EnginesOptions {
  readonly size: Size
  readonly shared: {
    readonly mongodb?: SharedEngine | undefined
    readonly cassandra?: SharedEngine | undefined
  }
  readonly onProgress: OnProgress
}

/** Starts an engine when the first arm needs one with its settings. Engines stop with `stack`. */
export function provisionEngines(
  { size, shared, onProgress }: EnginesOptions,
  stack: AsyncDisposableStack,
) {
  const mongos = new Map<string | undefined, EngineHandle<Engine>>()
  const cassandras = new Map<string, EngineHandle<CassandraEngine>>()
  const prefer = size === 'full' ? 'lab' : 'quick'

  async function mongoFor({ cacheMb }: PlannedArm): Promise<EngineHandle<Engine>> {
    if (shared.mongodb !== undefined && cacheMb === undefined)
      return { ...shared.mongodb, engine: undefined }
    const managed = cacheMb !== undefined
    const engine = stack.use(await startMongo({ prefer, cacheMb, managed, onProgress }))
    return requireCacheWithin(cacheMb, handleOf(engine))
  }

  async function cassandraFor({ cassandra }: PlannedArm): Promise<EngineHandle<CassandraEngine>> {
    if (shared.cassandra !== undefined && cassandra === undefined)
      return { ...shared.cassandra, engine: undefined }
    const managed = cassandra !== undefined
    const engine = stack.use(await startCassandra({ prefer, ...cassandra, managed, onProgress }))
    return requireCacheWithin(cassandra?.cacheMb, handleOf(engine))
  }

  return {
    /** Creates databases for the system with this key. */
    async open(arm: PlannedArm, systemKey: string): Promise<SystemEngines> {
      const info = (await listStages()).find(({ stage }) => stage === arm.stage)
      if (info === undefined)
        throw new CodedError('NO_SUCH_STAGE', `there is no stage ${arm.stage} yet`, {
          next: 'npx threshold stages list',
        })
      const name = newDatabaseName()
      // An engine with a limited cache serves one system only. Another system's pages in that cache
      // would change this system's misses.
      const mongoKey = arm.cacheMb === undefined ? undefined : systemKey
      const mongo = mongos.get(mongoKey) ?? (await mongoFor(arm))
      mongos.set(mongoKey, mongo)
      if (mongo.engine === undefined) {
        await dropStaleDatabases(mongo.uri)
        // An engine that the lab started is deleted with its data; any other outlives the lab.
        stack.defer(() => dropDatabase(mongo.uri, name))
      }
      const database = { ...mongo, uri: withDatabase(mongo.uri, name) }
      if (!info.engines.includes('cassandra'))
        return { mongo: database, cassandra: undefined, label: mongo.label }
      const cassandraKey = JSON.stringify([
        arm.cassandra,
        arm.cassandra?.cacheMb === undefined ? undefined : systemKey,
      ])
      const cassandra = cassandras.get(cassandraKey) ?? (await cassandraFor(arm))
      cassandras.set(cassandraKey, cassandra)
      if (cassandra.engine === undefined) {
        await dropStaleKeyspaces(cassandra.uri)
        stack.defer(() => dropKeyspace(cassandra.uri, name))
      }
      return {
        mongo: database,
        cassandra: { ...cassandra, uri: withKeyspace(cassandra.uri, name) },
        label: { ...cassandra.label, text: `${cassandra.label.text}, beside ${mongo.label.text}` },
      }
    },
  }
}

const handleOf = <E extends Engine>(engine: E): EngineHandle<E> => ({
  uri: engine.uri,
  label: engine.label,
  engine: engine.label.provider === 'external' ? undefined : engine,
})

/** The data that the lab creates would fit into a larger cache, and the lab would show nothing. */
function requireCacheWithin<E extends Engine>(
  cacheMb: number | undefined,
  handle: EngineHandle<E>,
): EngineHandle<E> {
  const bytes = handle.engine?.limits().cacheBytes
  if (cacheMb !== undefined && bytes !== undefined && bytes > cacheMb * 2 ** 20)
    throw new CodedError(
      'CACHE_TOO_LARGE',
      `the smallest cache of ${handle.label.product} is ${bytes / 2 ** 20} MB, and this lab needs ${cacheMb} MB`,
      { next: 'npx threshold doctor' },
    )
  return handle
}
