import { CodedError, deadlineAfter, hasCode } from '@threshold/kit'
import type { Checkpoints } from './checkpoints.ts'
import { type MigratorContext, startedMigration } from './context.ts'
import { factHolds } from './guards.ts'
import { commandOf, fixRefusedRow, type MoveNames, startStage } from './names.ts'
import type { Migration } from './state.ts'
import { type ChangingStep, nextForward, type Step, transitionFrom } from './transitions.ts'

export interface NextStep {
  /** Undefined when the move is over. */
  readonly step: ChangingStep | undefined
  /** The command for people, after what must be done before it. */
  readonly text: string
}

/**
 * The step that leads on, by the state of the move and nothing else. `status`, `plan`, every step
 * that is done and every step that is refused say it in these words.
 */
export async function nextStep(
  context: Pick<MigratorContext, 'state' | 'intents' | 'names'>,
  checkpoints: Checkpoints,
): Promise<NextStep> {
  const { state, names } = context
  const migration = await startedMigration(context)
  const evidence = { migration, checkpoints, state }
  const step = await nextForward(migration.phase, (fact) => factHolds(fact, evidence))
  if (step === undefined) return { step, text: 'nothing: the move is over' }
  const command = commandOf(names, step)
  const words = endsTheWayBack(step, migration)
    ? `${command}, or ${commandOf(names, 'rollback')}`
    : command
  const first = await before(step, migration, context)
  return { step, text: first === undefined ? words : `${first}, then ${words}` }
}

function endsTheWayBack(step: ChangingStep, { phase }: Migration): boolean {
  const { to } = transitionFrom(phase, step)!
  return (
    transitionFrom(phase, 'rollback') !== undefined && transitionFrom(to, 'rollback') === undefined
  )
}

/** Advice that comes before the next step, where something is in its way. */
async function before(
  step: ChangingStep,
  { phase }: Migration,
  { state, intents, names }: Pick<MigratorContext, 'state' | 'intents' | 'names'>,
): Promise<string | undefined> {
  if (phase === 'decommissioned') return undefined
  if (step !== 'backfill' && step !== 'verify' && (await state.participants()).length === 0)
    return startStage(names)
  const [refused] = await intents.listRefused(1, deadlineAfter(5_000))
  return refused === undefined ? undefined : fixRefusedRow(names)
}

/** A later try of the same step may go well after one of these. */
const RETRYABLE = ['UNAVAILABLE', 'DEADLINE_EXCEEDED'] as const

/**
 * Gives an error its next step. An error that names a command is complete. One that names what must
 * be done first is followed by the same step again. One that names nothing means that another step
 * comes now.
 */
export async function withNextStep(
  error: unknown,
  step: Step,
  names: MoveNames,
  next: () => Promise<NextStep>,
): Promise<unknown> {
  if (!hasCode(error) || error.next?.includes('npx threshold')) return error
  const retryable = hasCode(error, ...RETRYABLE)
  const first = error.next ?? (retryable ? 'see that both databases are up and well' : undefined)
  // The database that knows the state of the move may be the one that is away.
  const text =
    first === undefined
      ? (await next().catch(() => ({ text: commandOf(names, 'status') }))).text
      : `${first}, then ${commandOf(names, step)}`
  return new CodedError(error.code, error.message, { cause: error, next: text })
}
