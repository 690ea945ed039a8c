import {
  type EngineLabel,
  type OnProgress,
  type StageProcess,
  startStage,
} from '@threshold/engines'
import type { PlannedArm } from '../define.ts'
import { largestOf } from '../load/workload.ts'
import { type EnginesOptions, provisionEngines, type SystemEngines } from './engines.ts'
import { type Fixture, provisionFixture } from './fixture.ts'
import { startPushSink } from './push-sink.ts'

/**
 * A stage on its engines with people in it: what an arm's load is put on. Arms that ask for the
 * same share one.
 */
export interface System extends Pick<SystemEngines, 'mongo' | 'cassandra'> {
  readonly stage: StageProcess
  readonly label: EngineLabel
  readonly fixture: Fixture
  /** Back to how it was before a fault. */
  repair(): Promise<void>
}

/** Heartbeats as seldom as Discord's, or a thousand sockets would chiefly send heartbeats. */
const ENVIRONMENT = { THRESHOLD_HEARTBEAT_MS: '41250', THRESHOLD_LOG_LEVEL: 'warn' }

/**
 * Arms that ask for the same share a system. A past cannot be taken back: who has another one, or
 * makes one, lives elsewhere.
 */
const systemKey = ({
  stage,
  env,
  cacheMb,
  cassandra,
  intervention: deed,
  load,
}: PlannedArm): string =>
  JSON.stringify([
    stage,
    Object.entries(env).sort(),
    cacheMb,
    cassandra,
    deed?.text,
    load.groups.map(({ history, channels }) => history && [history, channels]),
  ])

/** The systems of a run. They end with the stack that they were opened on. */
export interface Systems {
  of(arm: PlannedArm): System
  /**
   * Puts a new world in the place of one that a deed has spent. False: the engines it spent as well
   * are this arm's alone.
   */
  renew(arm: PlannedArm): Promise<boolean>
}

/** All systems that these arms need. They end with `stack`, in reverse order. */
export async function openSystems(
  arms: readonly PlannedArm[],
  options: EnginesOptions,
  stack: AsyncDisposableStack,
): Promise<Systems> {
  const systems = new Map<string, System>()
  const engines = provisionEngines(options, stack)
  const open = async (arm: PlannedArm): Promise<void> => {
    const key = systemKey(arm)
    const alike = arms.filter((other) => systemKey(other) === key)
    systems.set(
      key,
      await openSystem(arm, alike, await engines.open(arm, key), options.onProgress, stack),
    )
  }
  for (const arm of arms) if (!systems.has(systemKey(arm))) await open(arm)
  const of = (arm: PlannedArm): System => systems.get(systemKey(arm))!
  return {
    of,
    async renew(arm) {
      if (arm.cassandra !== undefined || arm.cacheMb !== undefined) return false
      await of(arm).stage.stop()
      await open(arm)
      return true
    },
  }
}

async function openSystem(
  arm: PlannedArm,
  alike: readonly PlannedArm[],
  { mongo, cassandra, label }: SystemEngines,
  onProgress: OnProgress,
  stack: AsyncDisposableStack,
): Promise<System> {
  onProgress({ text: `starting stage ${arm.stage} on ${label.text}` })
  const phones = stack.use(await startPushSink())
  const env = { ...ENVIRONMENT, THRESHOLD_NOTIFICATIONS_URL: phones.url, ...arm.env }
  const uris = {
    engineUri: mongo.uri,
    ...(cassandra === undefined ? {} : { cassandraUri: cassandra.uri }),
  }
  const stage = stack.use(await startStage({ stage: arm.stage, ...uris, env }))
  const groups = largestOf(alike.map(({ load }) => load))
  const world = await provisionFixture(stage.url, groups, (done, total) =>
    onProgress({ text: 'people come in', done, total }),
  )
  return {
    stage,
    label,
    mongo,
    cassandra,
    fixture: world,
    async repair() {
      for (const engine of [mongo.engine, ...(cassandra?.engine?.nodes() ?? [])]) {
        if (engine?.state() === 'paused') await engine.resume()
        if (engine !== undefined && engine.state() !== 'running') await engine.restart()
      }
      await stage.resume()
      await stage.restart()
    },
  }
}
