import type { OnProgress } from '@threshold/engines'
import { CodedError, messageOf } from '@threshold/kit'
import type { PlannedArm } from '../define.ts'
import type { MachineLimits } from './preflight.ts'
import type { Sample } from './sample.ts'
import { type System, systemKey } from './system.ts'
import { visit, whyNotUsable } from './visit.ts'

export interface RoundsOptions {
  readonly arms: readonly PlannedArm[]
  readonly repeats: number
  readonly systems: ReadonlyMap<string, System>
  readonly cores: number
  readonly limits: MachineLimits
  readonly dir: string
  readonly onProgress: OnProgress
  readonly onGenerator?: ((pid: number) => void) | undefined
}

export interface Rounds {
  readonly samples: readonly Sample[]
  readonly discarded: readonly { arm: string; round: number; why: string }[]
  /** What kept the lab from measuring; empty if nothing did. */
  readonly problems: readonly string[]
}

/** A visit that something else disturbed is made once more; twice disturbed, the machine is no place to measure. */
const TRIES = 2

/**
 * Goes through the arms again and again, forwards and backwards in turn, so that a machine which grows warm, or a store which
 * fills, treats no arm better than another.
 */
export async function goThroughRounds(options: RoundsOptions): Promise<Rounds> {
  const { arms, repeats, systems, cores, limits } = options
  const samples: Sample[] = []
  const discarded: { arm: string; round: number; why: string }[] = []
  for (let round = 1; round <= repeats; round++) {
    for (const arm of round % 2 === 1 ? arms : arms.toReversed()) {
      const system = systems.get(systemKey(arm))!
      for (let attempt = 1; ; attempt++) {
        let sample: Sample
        try {
          sample = await visit({ ...options, arm, round, system })
        } catch (error) {
          return { samples, discarded, problems: [describe(error, arm, round)] }
        }
        const why = whyNotUsable(sample, cores, limits)
        if (arm.fault !== undefined) await system.repair()
        if (why === undefined) {
          samples.push(sample)
          break
        }
        discarded.push({ arm: arm.name, round, why })
        if (attempt === TRIES) return { samples, discarded, problems: [`${arm.name}, round ${round}: ${why}`] }
        options.onProgress({ text: `round ${round}, ${arm.name}: ${why}; once more` })
      }
    }
  }
  return { samples, discarded, problems: [] }
}

function describe(error: unknown, arm: PlannedArm, round: number): string {
  const [message = ''] = messageOf(error).split('\n')
  const next = error instanceof CodedError && error.next !== undefined ? ` → ${error.next}` : ''
  return `${arm.name}, round ${round}: ${message}${next}`
}
