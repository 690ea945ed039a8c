import { CodedError, hasCode } from '@threshold/kit'
import type { DualStoreContext, MigratorContext } from '../context.ts'
import { commandOf } from '../context.ts'
import { outOfOrder, readsRefusal, requireStep } from '../guards.ts'
import { retry } from '../retry.ts'
import { awaitShadowReads } from '../shadow-reads.ts'
import type { Migration, MigrationChange, Policy } from '../state.ts'
import type { ChangingStep, Phase } from '../transitions.ts'
import { allAcknowledged, moveBehindFence, noParticipant } from '../write-fence.ts'

/** Enters a phase without a fence, whatever else changes the document meanwhile. */
async function enter(
  context: MigratorContext,
  step: ChangingStep,
  { from, to }: { from: Phase; to: Phase },
  change: MigrationChange = {},
): Promise<Migration> {
  for (;;) {
    const migration = await context.migration()
    if (migration.phase === to) return migration
    if (migration.phase !== from) throw outOfOrder(step, migration)
    const moved = await context.updateState(migration, to, { phase: to, ...change })
    if (moved) return moved
  }
}

export async function dualWrite(context: DualStoreContext): Promise<void> {
  const { state, reporter, options, names, target } = context
  const { migration: before } = await requireStep(context, 'dual-write')
  if ((await state.participants()).length === 0) throw noParticipant(names)
  // A verification takes what only the target has for deleted on the source.
  if (before.generation === 0 && (await retry((by) => target.hasMessages(by)))) {
    throw new CodedError(
      'TARGET_IN_USE',
      `${names.targetPlace} has messages that are not of this move`,
      { next: names.useEmptyTarget },
    )
  }
  const { policy } = options
  const entered = await enter(
    context,
    'dual-write',
    { from: 'source', to: 'dual-write' },
    policy === undefined ? {} : { policy },
  )
  // Repeated with another policy, the step changes that and nothing else.
  const migration =
    policy === undefined || policy === entered.policy ? entered : await setPolicy(context, policy)
  const participants = await allAcknowledged(context, migration)
  reporter.result(
    `dual-write: ${participants.length} processes write to both stores, policy ${migration.policy}`,
  )
}

async function setPolicy(context: MigratorContext, policy: Policy): Promise<Migration> {
  for (;;) {
    const migration = await context.migration()
    if (migration.phase !== 'dual-write') throw outOfOrder('dual-write', migration)
    const changed = await context.updateState(migration, 'another policy', { policy })
    if (changed) return changed
  }
}

export async function cutover(context: DualStoreContext): Promise<void> {
  const { reporter, source, target, names, state } = context
  const { migration, transition } = await requireStep(context, 'cutover')
  if (transition === undefined) {
    await allAcknowledged(context, migration)
    return reporter.result('cutover: done already')
  }
  const reads = await awaitShadowReads(state, migration, () =>
    reporter.progress('waiting for pages to be read from both stores'),
  )
  const refusal = readsRefusal(reads)
  if (refusal) throw refusal
  const fencedMs = await moveBehindFence(context, transition, { primary: source, replica: target })
  reporter.result(
    `cutover: ${names.target} decides and is read; writes waited for ${fencedMs} ms; ` +
      `${reads.same} pages read from both stores since, 0 differed`,
  )
}

export async function rollback(context: MigratorContext): Promise<void> {
  const { reporter, source, names } = context
  const { transition } = await requireStep(context, 'rollback')
  if (transition === undefined)
    return reporter.result(`rollback: done already; messages are on ${names.source} alone`)
  if (!transition.fenced) {
    await allAcknowledged(context, await enter(context, 'rollback', transition))
    return reporter.result(`rollback: messages are written to ${names.source} alone`)
  }
  const { target } = await context.openTarget().catch((error: unknown) => {
    throw targetAway(error, context)
  })
  const fencedMs = await moveBehindFence(context, transition, { primary: target, replica: source })
  reporter.result(
    `rollback: ${names.source} decides and is read; writes waited for ${fencedMs} ms; rollback ` +
      `once more ends the dual writes`,
  )
}

/**
 * The latest acknowledged writes may be on the target alone, since it decides: a rollback without
 * it would lose them.
 */
function targetAway(error: unknown, { names }: MigratorContext): unknown {
  if (!hasCode(error, 'UNAVAILABLE')) return error
  const { code, advice } = names.targetAway
  return new CodedError(code, `${names.target} decides in this phase, and it does not answer`, {
    next: `${advice}, then ${commandOf(names, 'rollback')}`,
  })
}

export async function decommission(context: MigratorContext): Promise<void> {
  const { reporter, names, leftovers } = context
  await requireStep(context, 'decommission')
  const phases = { from: 'cutover', to: 'decommissioned' } as const
  const migration = await enter(context, 'decommission', phases)
  await allAcknowledged(context, migration)
  for (const { name, drop } of leftovers) {
    reporter.failpoint?.(`before dropping ${name}`)
    await retry(drop)
    reporter.failpoint?.(`after dropping ${name}`)
  }
  // The move is over only now: a migrator that dies before this drops the rest again.
  for (let last = migration; !last.sourceDropped; )
    last =
      (await context.updateState(last, 'the end', { sourceDropped: true })) ??
      (await context.migration())
  context.removeCheckpoints(migration.runId)
  reporter.result(
    `decommission: messages are on ${names.target} alone, and what ${names.source} had of them ` +
      `is removed; the move is over`,
  )
}
