import { CodedError } from '@threshold/kit'
import type { Checkpoints } from './checkpoints.ts'
import type { MigratorContext } from './context.ts'
import { countShadowReads } from './shadow-reads.ts'
import type { Migration, MigrationState, ShadowReads } from './state.ts'
import {
  type ChangingStep,
  type Fact,
  isTaken,
  type Transition,
  transitionFrom,
} from './transitions.ts'

/** Where the facts of a move are written down. */
export interface Evidence {
  readonly migration: Migration
  readonly checkpoints: Checkpoints
  readonly state: Pick<MigrationState, 'participants' | 'countDifferences'>
}

export async function factHolds(
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

/** Undefined where the pages that were compared speak for a cut-over. */
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
 * `NO_WAY_BACK`. `readsAgree` is left to the cut-over, which waits for pages to be compared.
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
