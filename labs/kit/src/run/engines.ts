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
import type { PlannedArm, Size } from '../define.ts'
import { dropStaleDatabases, dropStaleKeyspaces, newDatabaseName } from './stale-databases.ts'

/** An engine that somebody else holds: a lab may use it, and may neither kill nor limit it. */
export interface SharedEngine {
  readonly uri: string
  readonly label: EngineLabel
}

/** Undefined when it is not ours. */
interface EngineHandle<E extends Engine> extends SharedEngine {
  readonly engine: E | undefined
}

/**
 * What one system stands on: a database of its own and, for a stage that needs it, a keyspace of
 * its own.
 */
export interface SystemEngines {
  readonly mongo: EngineHandle<Engine>
  readonly cassandra: EngineHandle<CassandraEngine> | undefined
  /** Of both, in one line: a figure never goes without it. */
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

/** Engines are started when the first arm asks for one set up like that, and end with `stack`. */
export function provisionEngines(
  { size, shared, onProgress }: EnginesOptions,
  stack: AsyncDisposableStack,
) {
  const mongos = new Map<string | undefined, EngineHandle<Engine>>()
  const cassandras = new Map<string, EngineHandle<CassandraEngine>>()

  async function mongoFor({ cacheMb }: PlannedArm): Promise<EngineHandle<Engine>> {
    if (shared.mongodb !== undefined && cacheMb === undefined)
      return { ...shared.mongodb, engine: undefined }
    const engine = stack.use(
      await startMongo({
        prefer: size === 'full' ? 'lab' : 'quick',
        cacheMb,
        managed: cacheMb !== undefined,
        onProgress,
      }),
    )
    return requireCacheWithin(cacheMb, handleOf(engine))
  }

  async function cassandraFor({ cassandra }: PlannedArm): Promise<EngineHandle<CassandraEngine>> {
    if (shared.cassandra !== undefined && cassandra === undefined)
      return { ...shared.cassandra, engine: undefined }
    const engine = stack.use(
      await startCassandra({
        prefer: size === 'full' ? 'lab' : 'quick',
        ...cassandra,
        managed: cassandra !== undefined,
        onProgress,
      }),
    )
    return requireCacheWithin(cassandra?.cacheMb, handleOf(engine))
  }

  return {
    /** `system` names what stands on it: who names the same, has the same. */
    async open(arm: PlannedArm, system: string): Promise<SystemEngines> {
      const info = (await listStages()).find(({ stage }) => stage === arm.stage)
      if (info === undefined)
        throw new CodedError('NO_SUCH_STAGE', `there is no stage ${arm.stage} yet`, {
          next: 'npx threshold stages list',
        })
      const name = newDatabaseName()
      // A small cache serves one system alone: what another leaves in it, or drives out of it,
      // would count as misses of this one.
      const whose = arm.cacheMb === undefined ? undefined : system
      const mongo = mongos.get(whose) ?? (await mongoFor(arm))
      mongos.set(whose, mongo)
      if (mongo.engine === undefined) {
        await dropStaleDatabases(mongo.uri)
        // An engine of ours takes its data with it; another's has to be left as it was found.
        stack.defer(() => dropDatabase(mongo.uri, name))
      }
      const database = { ...mongo, uri: withDatabase(mongo.uri, name) }
      if (!info.engines.includes('cassandra'))
        return { mongo: database, cassandra: undefined, label: mongo.label }
      const key = JSON.stringify([
        arm.cassandra,
        arm.cassandra?.cacheMb === undefined ? undefined : system,
      ])
      const cassandra = cassandras.get(key) ?? (await cassandraFor(arm))
      cassandras.set(key, cassandra)
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

/**
 * A large cache would hold what the lab grows on purpose beyond a small one, and its verdict would
 * be about nothing.
 */
function requireCacheWithin<E extends Engine>(
  cacheMb: number | undefined,
  held: EngineHandle<E>,
): EngineHandle<E> {
  const bytes = held.engine?.limits().cacheBytes
  if (cacheMb !== undefined && bytes !== undefined && bytes > cacheMb * 2 ** 20) {
    const why = `${held.label.product} takes no less than ${bytes / 2 ** 20} MB of cache, and this lab asks for ${cacheMb}`
    throw new CodedError('CACHE_TOO_LARGE', why, { next: 'npx threshold doctor' })
  }
  return held
}
