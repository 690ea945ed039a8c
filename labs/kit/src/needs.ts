import { type EngineNeed, listStages } from '@threshold/engines'
import { planArms } from './plan.ts'
import type { Lab } from './spec.ts'

/** The engines that the arms of a lab need at size quick, each once. */
export async function engineNeedsOf(lab: Lab): Promise<EngineNeed[]> {
  const stages = await listStages()
  const cacheCounters = Object.values(lab.measure).some((measure) => measure.cacheCounters)
  const needs = planArms(lab, 'quick', false).flatMap(({ stage, cacheMb, cassandra }) => {
    const engines = stages.find((info) => info.stage === stage)?.engines ?? []
    const hasCassandra = engines.includes('cassandra')
    const mongodb: EngineNeed = {
      engine: 'mongodb',
      cacheMb,
      managed: cacheMb !== undefined,
      // Messages of later stages are in Cassandra, whose misses count.
      cacheCounters: cacheCounters && !hasCassandra,
    }
    if (!hasCassandra) return [mongodb]
    return [mongodb, { engine: 'cassandra', managed: cassandra !== undefined } as const]
  })
  return [...new Map(needs.map((need) => [JSON.stringify(need), need])).values()]
}
