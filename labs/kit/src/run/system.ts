import {
  type EngineLabel,
  type OnProgress,
  type StageProcess,
  startStage,
} from '@threshold/engines'
import { largestOf } from '../load/workload.ts'
import type { PlannedArm } from '../plan.ts'
import { type EnginesOptions, provisionEngines, type SystemEngines } from './engines.ts'
import { type Fixture, provisionFixture } from './fixture.ts'
import { startPushSink } from './push-sink.ts'

/** A running stage with its engines and its fixture. Arms with equal settings share one. */
export interface System extends Pick<SystemEngines, 'mongo' | 'cassandra' | 'nats'> {
  readonly stage: StageProcess
  readonly label: EngineLabel
  readonly fixture: Fixture
  /** Undoes a fault: resumes or restarts the engines and restarts the stage. */
  repair(): Promise<void>
}

/** Discord's heartbeat interval. A thousand sockets with a shorter one would mostly heartbeat. */
const ENVIRONMENT = { THRESHOLD_HEARTBEAT_MS: '41250', THRESHOLD_LOG_LEVEL: 'warn' }

/**
 * Arms with equal keys share a system. Seeded history cannot be undone, so an arm with other
 * history gets a system of its own, as does one with another intervention.
 */
const systemKey = ({ stage, env, cacheMb, cassandra, intervention, load }: PlannedArm): string =>
  JSON.stringify([
    stage,
    Object.entries(env).sort(),
    cacheMb,
    cassandra,
    intervention?.text,
    load.groups.map(({ history, channels }) => history && [history, channels]),
  ])

export interface Systems {
  of(arm: PlannedArm): System
  /**
   * Replaces the arm's system by a new one with a new fixture. Returns false if the arm has engines
   * of its own, which cannot be replaced.
   */
  renew(arm: PlannedArm): Promise<boolean>
}

/** Starts the systems that the arms need. They stop with `stack`, in reverse order. */
export async function openSystems(
  arms: readonly PlannedArm[],
  options: EnginesOptions & {
    /** Receives the label of an arm's engines, also if a later step fails. */
    readonly onEngine: (arm: string, label: EngineLabel) => void
  },
  stack: AsyncDisposableStack,
): Promise<Systems> {
  const systems = new Map<string, System>()
  const engines = provisionEngines(options, stack)
  const open = async (arm: PlannedArm): Promise<void> => {
    const key = systemKey(arm)
    const sharing = arms.filter((other) => systemKey(other) === key)
    const started = await engines.open(arm, key, (label) => {
      for (const { name } of sharing) options.onEngine(name, label)
    })
    systems.set(key, await openSystem(arm, sharing, started, options.onProgress, stack))
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
  sharing: readonly PlannedArm[],
  { mongo, cassandra, nats, label }: SystemEngines,
  onProgress: OnProgress,
  stack: AsyncDisposableStack,
): Promise<System> {
  onProgress({ text: `starting stage ${arm.stage} on ${label.text}` })
  const pushSink = stack.use(await startPushSink())
  const stage = stack.use(
    await startStage({
      stage: arm.stage,
      engineUri: mongo.uri,
      ...(cassandra === undefined ? {} : { cassandraUri: cassandra.uri }),
      ...(nats === undefined ? {} : { nats }),
      env: { ...ENVIRONMENT, THRESHOLD_NOTIFICATIONS_URL: pushSink.url, ...arm.env },
    }),
  )
  const groups = largestOf(sharing.map(({ load }) => load))
  const fixture = await provisionFixture(stage.url, groups, onProgress)
  return {
    stage,
    label,
    mongo,
    cassandra,
    nats,
    fixture,
    async repair() {
      for (const engine of [mongo.engine, ...(cassandra?.engine?.nodes() ?? []), nats]) {
        if (engine?.state() === 'paused') await engine.resume()
        if (engine !== undefined && engine.state() !== 'running') await engine.restart()
      }
      await stage.resume()
      await stage.restart()
    },
  }
}
