import type { OnProgress } from '@threshold/engines'
import { CodedError, messageOf } from '@threshold/kit'
import type { PlannedArm } from '../plan.ts'
import { type BusyProgram, busiestPrograms, snapshotProcesses } from './busiest.ts'
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
  readonly samplesDir: string
  readonly onProgress: OnProgress
  readonly onGenerator?: ((pid: number) => void) | undefined
}

export interface Rounds {
  readonly samples: readonly Sample[]
  /** Trials that do not count, and why. */
  readonly discarded: readonly { arm: string; round: number; reason: string }[]
  /** Why the lab could not measure; empty if it could. */
  readonly problems: readonly string[]
  /** The programs that kept the machine busy when the lab gave up. */
  readonly busiest?: readonly BusyProgram[]
  /** The next step that an error suggests. */
  readonly next?: string | undefined
}

/** Attempts at a trial that other programs disturb. After that the lab could not run. */
const MAX_ATTEMPTS = 2

/**
 * Runs every arm once per round, in alternating order. A machine that grows warm or a store that
 * fills up then affects all arms alike.
 */
export async function runRounds(options: RoundsOptions): Promise<Rounds> {
  const { arms, repeats } = options
  const rounds = {
    samples: [] as Sample[],
    discarded: [] as { arm: string; round: number; reason: string }[],
    problems: [] as string[],
  }
  for (let round = 1; round <= repeats; round++) {
    for (const arm of round % 2 === 1 ? arms : arms.toReversed()) {
      for (let attempt = 1; ; attempt++) {
        const outcome = await attemptTrial(options, arm, round)
        if ('sample' in outcome) {
          rounds.samples.push(outcome.sample)
          break
        }
        const { reason, retryable, busiest, next } = outcome
        rounds.discarded.push({ arm: arm.name, round, reason })
        // A context arm may exceed what the stage or the machine can bear. The lab goes on.
        if (arm.context) break
        const retry =
          retryable &&
          attempt < MAX_ATTEMPTS &&
          (arm.intervention?.consumesFixture !== true || (await options.systems.renew(arm)))
        if (!retry)
          return { ...rounds, problems: [`${arm.name}, round ${round}: ${reason}`], busiest, next }
        options.onProgress({ text: `round ${round}, ${arm.name}: ${reason}; trying again` })
      }
    }
  }
  return rounds
}

type TrialOutcome =
  | { readonly sample: Sample }
  | {
      readonly reason: string
      readonly retryable: boolean
      readonly busiest: readonly BusyProgram[]
      readonly next: string | undefined
    }

/** Runs the trial and repairs the system after it, so that the next trial finds it intact. */
async function attemptTrial(
  options: RoundsOptions,
  arm: PlannedArm,
  round: number,
): Promise<TrialOutcome> {
  const system = options.systems.of(arm)
  let outcome: TrialOutcome
  const before = await snapshotProcesses()
  const busiest = async (): Promise<readonly BusyProgram[]> =>
    await busiestPrograms(before, await snapshotProcesses(), options.cores)
  try {
    const sample = await runTrial({ ...options, arm, round, system })
    const reason = rejectReason(sample, options.cores, options.limits)
    outcome =
      reason === undefined
        ? { sample }
        : { reason, retryable: true, busiest: await busiest(), next: undefined }
  } catch (error) {
    const [reason = ''] = codedMessageOf(error).split('\n')
    const next = error instanceof CodedError ? error.next : undefined
    outcome = { reason, retryable: false, busiest: await busiest(), next }
  }
  if (arm.fault !== undefined || (arm.context && 'reason' in outcome)) await system.repair()
  return outcome
}

/** The message of an error after its code, by which the lab's page explains it. */
export const codedMessageOf = (error: unknown): string =>
  error instanceof CodedError ? `${error.code}: ${error.message}` : messageOf(error)
