import type { OnProgress } from '@threshold/engines'
import { CodedError, messageOf } from '@threshold/kit'
import type { PlannedArm } from '../define.ts'
import type { MachineLimits } from './preflight.ts'
import type { Sample } from './sample.ts'
import type { Systems } from './system.ts'
import { rejectReason, runTrial } from './trial.ts'

export interface RoundsOptions {
  readonly arms: readonly PlannedArm[]
  readonly repeats: number
  readonly systems: Systems
  readonly cores: number
  readonly limits: MachineLimits
  readonly dir: string
  readonly onProgress: OnProgress
  readonly onGenerator?: ((pid: number) => void) | undefined
}

export interface Rounds {
  readonly samples: readonly Sample[]
  /** Visits that do not count, and why. */
  readonly discarded: readonly { arm: string; round: number; why: string }[]
  /** What kept the lab from measuring; empty if nothing did. */
  readonly problems: readonly string[]
}

/**
 * A visit that something else disturbed is made once more; twice disturbed, the machine is no place
 * to measure.
 */
const TRIES = 2

/**
 * Goes through the arms again and again, forwards and backwards in turn, so that a machine which
 * grows warm, or a store which fills, treats no arm better than another.
 */
export async function runRounds(options: RoundsOptions): Promise<Rounds> {
  const { arms, repeats } = options
  const rounds = {
    samples: [] as Sample[],
    discarded: [] as { arm: string; round: number; why: string }[],
    problems: [] as string[],
  }
  for (let round = 1; round <= repeats; round++) {
    for (const arm of round % 2 === 1 ? arms : arms.toReversed()) {
      for (let attempt = 1; ; attempt++) {
        const visited = await attemptTrial(options, arm, round)
        if ('sample' in visited) {
          rounds.samples.push(visited.sample)
          break
        }
        const { why, again } = visited
        rounds.discarded.push({ arm: arm.name, round, why })
        // Nothing is claimed of it: an arm beyond what the stage, or this machine, can bear is told
        // as such, and the lab goes on.
        if (arm.context) break
        const afresh =
          again &&
          attempt < TRIES &&
          (arm.intervention?.consumesFixture !== true || (await options.systems.renew(arm)))
        if (!afresh) return { ...rounds, problems: [`${arm.name}, round ${round}: ${why}`] }
        options.onProgress({ text: `round ${round}, ${arm.name}: ${why}; once more` })
      }
    }
  }
  return rounds
}

type TrialOutcome = { readonly sample: Sample } | { readonly why: string; readonly again: boolean }

/** Leaves the system fit for the next visit, whatever this one did to it. */
async function attemptTrial(
  options: RoundsOptions,
  arm: PlannedArm,
  round: number,
): Promise<TrialOutcome> {
  const system = options.systems.of(arm)
  let visited: TrialOutcome
  try {
    const sample = await runTrial({ ...options, arm, round, system })
    const why = rejectReason(sample, options.cores, options.limits)
    visited = why === undefined ? { sample } : { why, again: true }
  } catch (error) {
    visited = { why: describe(error), again: false }
  }
  if (arm.fault !== undefined || (arm.context && 'why' in visited)) await system.repair()
  return visited
}

function describe(error: unknown): string {
  const [message = ''] = messageOf(error).split('\n')
  return error instanceof CodedError && error.next !== undefined
    ? `${message} → ${error.next}`
    : message
}
