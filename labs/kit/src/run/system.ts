import { randomBytes } from 'node:crypto'
import {
  dropDatabase,
  type Engine,
  type EngineLabel,
  identify,
  listStages,
  type OnProgress,
  type StageProcess,
  startMongo,
  startStage,
  withDatabase,
} from '@threshold/engines'
import { CodedError } from '@threshold/kit'
import { MongoClient } from 'mongodb'
import type { PlannedArm, Size } from '../define.ts'
import { largestOf } from '../load/workload.ts'
import { machineMark } from './environment.ts'
import { startPhones } from './phones.ts'
import { buildWorld, type World } from './world.ts'

/** An engine that somebody else holds: a lab may use it, and may neither kill nor limit it. */
export interface SharedEngine {
  readonly uri: string
  readonly label: EngineLabel
}

/** A stage on its engine with people in it: what an arm's load is put on. Arms that ask for the same share one. */
export interface System {
  readonly stage: StageProcess
  readonly label: EngineLabel
  readonly engineUri: string
  /** Undefined when it is not ours. */
  readonly engine: Engine | undefined
  readonly world: World
  /** Back to how it was before a fault. */
  repair(): Promise<void>
}

/** Heartbeats as seldom as Discord's, or a thousand sockets would chiefly send heartbeats. */
const ENVIRONMENT = { THRESHOLD_HEARTBEAT_MS: '41250', THRESHOLD_LOG_LEVEL: 'warn' }

/** Arms that ask for the same share a system. A past cannot be taken back: who has another one lives elsewhere. */
export const systemKey = ({ stage, env, cacheMb, load }: PlannedArm): string =>
  JSON.stringify([stage, Object.entries(env).sort(), cacheMb, load.groups.map(({ history, channels }) => history && [history, channels])])

export interface SystemOptions {
  readonly size: Size
  readonly shared: SharedEngine | undefined
  readonly onProgress: OnProgress
}

/** All systems that these arms need, by key. They end with `stack`, in reverse order. */
export async function openSystems(
  arms: readonly PlannedArm[],
  options: SystemOptions,
  stack: AsyncDisposableStack,
): Promise<Map<string, System>> {
  const systems = new Map<string, System>()
  const engines = new Map<number | undefined, { uri: string; label: EngineLabel; engine: Engine | undefined }>()
  for (const arm of arms) {
    const key = systemKey(arm)
    if (systems.has(key)) continue
    const engine = engines.get(arm.cacheMb) ?? (await openEngine(arm, options, stack))
    engines.set(arm.cacheMb, engine)
    const alike = arms.filter((other) => systemKey(other) === key)
    systems.set(key, await openSystem(arm, alike, engine, options, stack))
  }
  return systems
}

async function openEngine({ stage, cacheMb }: PlannedArm, { size, shared, onProgress }: SystemOptions, stack: AsyncDisposableStack) {
  const info = (await listStages()).find((one) => one.stage === stage)
  if (info === undefined) throw new CodedError('NO_SUCH_STAGE', `there is no stage ${stage} yet`, { next: 'npx threshold stages list' })
  if (shared !== undefined && cacheMb === undefined) return { ...shared, engine: undefined }
  const engine = stack.use(
    await startMongo({ prefer: size === 'full' ? 'lab' : 'quick', cacheMb, ours: cacheMb !== undefined, onProgress }),
  )
  const { uri, label } = engine
  // A large cache would hold what the lab grows on purpose beyond a small one, and its verdict would be about nothing.
  const held = engine.label.provider === 'external' ? undefined : engine.limits().cacheBytes
  if (cacheMb !== undefined && held !== undefined && held > cacheMb * 2 ** 20) {
    throw new CodedError(
      'CACHE_TOO_LARGE',
      `${label.product} takes no less than ${held / 2 ** 20} MB of cache, and this lab asks for ${cacheMb}`,
      {
        next: 'choose --engine native for this lab',
      },
    )
  }
  return { uri, label, engine: label.provider === 'external' ? undefined : engine }
}

async function openSystem(
  arm: PlannedArm,
  alike: readonly PlannedArm[],
  { uri, label, engine }: { uri: string; label: EngineLabel; engine: Engine | undefined },
  { onProgress }: SystemOptions,
  stack: AsyncDisposableStack,
): Promise<System> {
  const database = `${PREFIX}_${machineMark()}_${process.pid}_${randomBytes(4).toString('hex')}`
  const engineUri = withDatabase(uri, database)
  if (engine === undefined) {
    await dropLeftOver(uri)
    // An engine of ours takes its data with it; another's has to be left as it was found.
    stack.defer(() => dropDatabase(uri, database))
  }
  onProgress({ text: `starting stage ${arm.stage} on ${label.text}` })
  const phones = stack.use(await startPhones())
  const env = { ...ENVIRONMENT, THRESHOLD_NOTIFICATIONS_URL: phones.url, ...arm.env }
  const stage = stack.use(await startStage({ stage: arm.stage, engineUri, env }))
  const groups = largestOf(alike.map(({ load }) => load))
  const world = await buildWorld(stage.url, groups, (done, total) => onProgress({ text: 'people come in', done, total }))
  return {
    stage,
    label,
    engineUri,
    engine,
    world,
    async repair() {
      if (engine?.state() === 'paused') await engine.resume()
      if (engine !== undefined && engine.state() !== 'running') await engine.restart()
      await stage.resume()
      await stage.restart()
    },
  }
}

const PREFIX = 'threshold_lab'

/** On an engine that outlives the lab, databases of labs that were killed stay. Whoever comes next removes them. */
async function dropLeftOver(uri: string): Promise<void> {
  const client = new MongoClient(uri, { serverSelectionTimeoutMS: 5_000, maxPoolSize: 1 })
  try {
    const { databases } = await client.db('admin').admin().listDatabases({ nameOnly: true })
    for (const { name } of databases) {
      const [, mark, pid] = new RegExp(`^${PREFIX}_([0-9a-f]+)_([0-9]+)_`).exec(name) ?? []
      if (mark === machineMark() && (await identify(Number(pid))) === undefined) await client.db(name).dropDatabase()
    }
  } finally {
    await client.close(true)
  }
}
