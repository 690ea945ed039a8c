import {
  type CassandraEngine,
  dropDatabase,
  dropKeyspace,
  type Engine,
  type EngineLabel,
  listStages,
  type NatsEngine,
  type OnProgress,
  roleUsers,
  startCassandra,
  startMongo,
  startNats,
  withDatabase,
  withKeyspace,
} from '@threshold/engines'
import { CodedError } from '@threshold/kit'
import type { PlannedArm } from '../plan.ts'
import type { Size } from '../spec.ts'
import { readEngineCounters } from './engine-counters.ts'
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

/**
 * The engines of one system: its own database and, if the stage needs them, a keyspace and a NATS
 * of its own.
 */
export interface SystemEngines {
  readonly mongo: EngineHandle<Engine>
  readonly cassandra: EngineHandle<CassandraEngine> | undefined
  readonly nats: NatsEngine | undefined
  /** Names all engines in one line, which the report shows beside every figure. */
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
    return handleOf(engine)
  }

  async function cassandraFor({ cassandra }: PlannedArm): Promise<EngineHandle<CassandraEngine>> {
    if (shared.cassandra !== undefined && cassandra === undefined)
      return { ...shared.cassandra, engine: undefined }
    const managed = cassandra !== undefined
    const engine = stack.use(await startCassandra({ prefer, ...cassandra, managed, onProgress }))
    return handleOf(engine)
  }

  /** Each system has a NATS of its own, with a user for each role. */
  const natsFor = async (dir: string): Promise<NatsEngine> =>
    stack.use(await startNats({ users: await roleUsers(dir), managed: true, onProgress }))

  return {
    /**
     * Creates databases for the system with this key. `onEngine` receives the label as soon as the
     * first engine runs, and the label of both once the second does.
     */
    async open(
      arm: PlannedArm,
      systemKey: string,
      onEngine: (label: EngineLabel) => void,
    ): Promise<SystemEngines> {
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
      onEngine(mongo.label)
      if (arm.cacheMb !== undefined) await requireCacheCounters(mongo)
      if (mongo.engine === undefined) {
        await dropStaleDatabases(mongo.uri)
        // An engine that the lab started is deleted with its data; any other outlives the lab.
        stack.defer(() => dropDatabase(mongo.uri, name))
      }
      const database = { ...mongo, uri: withDatabase(mongo.uri, name) }
      if (!info.engines.includes('cassandra'))
        return { mongo: database, cassandra: undefined, nats: undefined, label: mongo.label }
      const cassandraKey = JSON.stringify([
        arm.cassandra,
        arm.cassandra?.cacheMb === undefined ? undefined : systemKey,
      ])
      const cassandra = cassandras.get(cassandraKey) ?? (await cassandraFor(arm))
      cassandras.set(cassandraKey, cassandra)
      const nats = info.engines.includes('nats') ? await natsFor(info.dir) : undefined
      const beside = [mongo.label, ...(nats === undefined ? [] : [nats.label])]
      const text = [cassandra.label, ...beside].map((each) => each.text).join(', beside ')
      const label = { ...cassandra.label, text }
      onEngine(label)
      if (cassandra.engine === undefined) {
        await dropStaleKeyspaces(cassandra.uri)
        stack.defer(() => dropKeyspace(cassandra.uri, name))
      }
      return {
        mongo: database,
        cassandra: { ...cassandra, uri: withKeyspace(cassandra.uri, name) },
        nats,
        label,
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
 * A lab that limits MongoDB's cache counts the pages that miss it.
 *
 * @throws CodedError `NO_CACHE_COUNTERS` if the engine does not count them, before the lab spends
 * minutes on a figure that it cannot measure
 */
async function requireCacheCounters({ uri, label }: SharedEngine): Promise<void> {
  const counters = await readEngineCounters({ mongo: { uri }, cassandra: undefined })
  if (Object.keys(counters).length === 0)
    throw new CodedError(
      'NO_CACHE_COUNTERS',
      `this lab counts cache misses, and ${label.product} does not report them`,
      { next: 'npx threshold prefetch fetches or builds an engine that does' },
    )
}
