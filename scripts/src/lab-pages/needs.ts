import type { LabSource } from './page.ts'

/** The properties of a lab that decide which problems it can have. */
export interface LabNeeds {
  readonly cassandra: boolean
  /** An arm has a Cassandra of its own, which nodetool asks or which gets more nodes. */
  readonly ownCassandra: boolean
  /** An arm limits the cache of its MongoDB to less than MongoDB accepts. */
  readonly tinyCache: boolean
  /** A fault stops, pauses or restarts an engine. */
  readonly engineFault: boolean
  readonly fault: boolean
  /** An arm has buckets of one day, which change at midnight UTC. */
  readonly dailyBuckets: boolean
  /** Rounds of a run at size quick. */
  readonly rounds: number
  /** Error codes in the source files of the lab's folder. */
  readonly ownCodes: readonly string[]
}

export function needsOf({ lab, stages, ownCodes }: LabSource): LabNeeds {
  const arms = Object.values(lab.arms)
  const faults = [lab.fault, ...arms.map(({ fault }) => fault)].filter((each) => each !== undefined)
  return {
    cassandra: stages.some(
      ({ stage, engines }) =>
        engines.includes('cassandra') && arms.some((arm) => arm.stage === `stage-${stage}`),
    ),
    ownCassandra: arms.some(({ cassandra }) => cassandra !== undefined),
    tinyCache: arms.some(({ cacheMb = MONGODB_MIN_CACHE_MB }) => cacheMb < MONGODB_MIN_CACHE_MB),
    engineFault: faults.some(
      ({ action }) => action.kind !== 'mention' && action.target !== 'stage',
    ),
    fault: faults.length > 0,
    dailyBuckets: arms.some(({ env }) => env?.THRESHOLD_BUCKET_DAYS === '1'),
    rounds: lab.sizes.quick.repeats,
    ownCodes,
  }
}

const MONGODB_MIN_CACHE_MB = 256
