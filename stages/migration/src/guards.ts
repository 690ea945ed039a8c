import { CodedError, deadlineAfter, hasCode } from '@threshold/kit'
import type { Checkpoints } from './checkpoints.ts'
import {
  commandOf,
  fixRefusedRow,
  type MigratorContext,
  type MoveNames,
  startedMigration,
  startStage,
} from './context.ts'
import { countShadowReads } from './shadow-reads.ts'
import type { Migration, MigrationState, ShadowReads } from './state.ts'
import {
  type ChangingStep,
  type Fact,
  isTaken,
  nextForward,
  type Step,
  type Transition,
  transitionFrom,
} from './transitions.ts'

/** Where the facts of a move are written down. */
interface Evidence {
  readonly migration: Migration
  readonly checkpoints: Checkpoints
  readonly state: Pick<MigrationState, 'participants' | 'countDifferences'>
}

async function factHolds(
  fact: Fact,
  { migration, checkpoints, state }: Evidence,
): Promise<boolean> {
  switch (fact) {
    case 'backfilled':
      return isBackfilled(migration, checkpoints)
    case 'verified':
      return isVerified(migration, checkpoints)
    case 'readsAgree':
      return readsRefusal(await countShadowReads(state, migration.shadow.round)) === undefined
    case 'sourceDropped':
      return migration.sourceDropped === true
  }
}

export const isBackfilled = ({ generation }: Migration, checkpoints: Checkpoints): boolean =>
  checkpoints.outcome('backfill')?.key === generation

function isVerified({ enteredEpoch }: Migration, checkpoints: Checkpoints): boolean {
  const verified = checkpoints.outcome('verify')
  return verified?.clean === true && verified.key === enteredEpoch
}

/** Undefined if the compared pages allow a cutover. */
export function readsRefusal({
  same,
  differing,
  failed,
}: Pick<ShadowReads, 'same' | 'differing' | 'failed'>): CodedError | undefined {
  if (differing > 0) {
    const figure = `${same + differing} pages read from both stores since, ${differing} differed`
    return new CodedError('READS_DIFFER', figure)
  }
  if (same === 0 && failed > 0) {
    const why = `none of ${failed} pages could be read from both stores`
    return new CodedError('READS_FAILED', why)
  }
  return undefined
}

export interface AllowedStep {
  readonly migration: Migration
  readonly checkpoints: Checkpoints
  /** Undefined where the step has been taken already, and is repeated. */
  readonly transition: Transition | undefined
}

/**
 * Lets a step pass by the transition table, or rejects with `OUT_OF_ORDER`, `NOT_VERIFIED` or
 * `NO_WAY_BACK`. `readsAgree` is left to the cutover, which waits for pages to be compared.
 */
export async function requireStep(
  context: MigratorContext,
  step: ChangingStep,
): Promise<AllowedStep> {
  const migration = await context.migration()
  const checkpoints = context.checkpoints(migration.runId)
  const transition = transitionFrom(migration.phase, step)
  if (transition === undefined) {
    if (isTaken(migration.phase, step)) return { migration, checkpoints, transition }
    throw step === 'rollback' ? noWayBack(context) : outOfOrder(step, migration)
  }
  if (transition.needs.includes('backfilled') && !isBackfilled(migration, checkpoints))
    throw outOfOrder(step, migration, 'backfill')
  if (transition.needs.includes('verified') && !isVerified(migration, checkpoints)) {
    const why = 'no verification has ended without a difference since the backfill'
    throw new CodedError('NOT_VERIFIED', why)
  }
  return { migration, checkpoints, transition }
}

const noWayBack = ({ names }: MigratorContext): CodedError =>
  new CodedError(
    'NO_WAY_BACK',
    `${names.source} has been decommissioned: it has nothing that was written since`,
  )

/** The step that comes next is added where the state of the move is known: `withNextStep`. */
export function outOfOrder(
  step: ChangingStep,
  { phase }: Migration,
  missing?: ChangingStep,
): CodedError {
  const why = missing === undefined ? '' : `, and its ${missing} is not done`
  return new CodedError(
    'OUT_OF_ORDER',
    `${step} is not the next step: the move is in phase ${phase}${why}`,
  )
}

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
