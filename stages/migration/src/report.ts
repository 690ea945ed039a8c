import { deadlineAfter, hasCode } from '@threshold/kit'
import type { Checkpoints, StepOutcome } from './checkpoints.ts'
import { type MigratorContext, startedMigration } from './context.ts'
import { nextStep } from './guards.ts'
import { whole } from './ranges.ts'
import { retry } from './retry.ts'
import type { Migration } from './state.ts'
import { divergenceByRange } from './steps/verify.ts'
import { FORWARD_STEPS } from './transitions.ts'

/** Reports how much there is to move and how it would be done. Changes nothing. */
export async function plan(context: MigratorContext, checkpoints: Checkpoints): Promise<void> {
  const { reporter, source, options, state } = context
  const { concurrency, rate } = options
  const { phase } = await startedMigration(context)
  const { about, ranges } = await retry((by) => source.ranges(by))
  const participants = await state.participants()
  reporter.result(`phase: ${phase}; ${participants.length} processes follow the move`)
  const pace =
    rate === undefined ? '' : `, at most ${whole(rate)} rows/s: about ${whole(about / rate)} s`
  reporter.result(
    ranges.length === 0
      ? 'to copy: nothing'
      : `to copy: about ${whole(about)} messages in ${ranges.length} ranges, ${concurrency} at ` +
          `once${pace}`,
  )
  reporter.result(`steps: ${FORWARD_STEPS.join(', ')}; rollback leads back from each but the last`)
  reporter.result(`next: ${(await nextStep(context, checkpoints)).text}`)
}

/** Refused messages that are named. */
const REFUSALS = 10

export async function status(context: MigratorContext, checkpoints: Checkpoints): Promise<void> {
  const { reporter, state, intents, names } = context
  const found = await startedMigrationOrWhy(context)
  if (typeof found === 'string') return reporter.result(found)
  const { phase, since, fencedFor, policy, epoch } = found
  const fence = fencedFor === undefined ? '' : `, writes wait for ${fencedFor}`
  reporter.result(`phase: ${phase} since ${since.toISOString()}${fence}; policy ${policy}`)
  const participants = await state.participants()
  const behind = participants.filter((one) => one.epoch < epoch).length
  reporter.result(
    `processes that follow: ` +
      `${participants.length}${behind === 0 ? '' : `, ${behind} not yet up to this`}`,
  )
  const deadline = () => deadlineAfter(5_000)
  const recorded = await intents.countOlderThan(0, deadline())
  reporter.result(`writes to be reconciled in both stores: ${recorded}`)
  for (const step of ['backfill', 'verify'] as const) {
    const ranges = checkpoints.ranges(step)
    if (ranges.length === 0) continue
    const done = ranges.filter((range) => range.done).length
    const progress = progressOf(step, found, checkpoints.outcome(step))
    reporter.result(`${step}: ${done} of ${ranges.length} ranges, ${progress}`)
  }
  const refused = await intents.listRefused(REFUSALS, deadline())
  for (const { refusal } of refused) reporter.result(`refused: ${refusal}`)
  for (const line of divergenceByRange(checkpoints.ranges('verify'), names)) reporter.result(line)
  reporter.result(`next: ${(await nextStep(context, checkpoints)).text}`)
}

async function startedMigrationOrWhy(context: MigratorContext): Promise<Migration | string> {
  try {
    return await startedMigration(context)
  } catch (error) {
    if (!hasCode(error, 'NO_PARTICIPANT', 'NOTHING_TO_MOVE')) throw error
    return `no move has begun: ${error.message}\nnext: ${error.next}`
  }
}

function progressOf(
  step: 'backfill' | 'verify',
  { phase, generation, enteredEpoch }: Migration,
  outcome: StepOutcome | undefined,
): string {
  if (outcome === undefined) return 'under way'
  // The outcome still stands after the cutover, though its phase has ended.
  const isOver = phase === 'cutover' || phase === 'decommissioned'
  const key = step === 'backfill' ? generation : enteredEpoch
  if (!isOver && outcome.key !== key) return 'of an earlier attempt'
  return outcome.clean ? 'done' : 'found differences'
}
