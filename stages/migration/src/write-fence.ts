import { setTimeout as delay } from 'node:timers/promises'
import { CodedError, deadlineAfter, hasCode } from '@threshold/kit'
import pLimit from 'p-limit'
import type { MigratorContext } from './context.ts'
import { fixRefusedRow, type MoveNames, startStage } from './context.ts'
import { type ReplicaPair, reconcile } from './reconcile.ts'
import { IN_FLIGHT_MS, type Migration, type Participant } from './state.ts'
import type { Transition } from './transitions.ts'

const POLL_MS = 50
const ACKNOWLEDGED_WITHIN_MS = 60_000
/** Participants report once a second. One that has not for this long has probably ended. */
const FRESH_MS = 3_000

/** Waits until every participant has ended what it began before this epoch. */
export async function allAcknowledged(
  { state, reporter }: Pick<MigratorContext, 'state' | 'reporter'>,
  { epoch }: Migration,
  withinMs = ACKNOWLEDGED_WITHIN_MS,
): Promise<Participant[]> {
  const until = Date.now() + withinMs
  for (let reported = false; ; ) {
    const participants = await state.participants()
    const behind = participants.filter((one) => one.epoch < epoch)
    if (behind.length === 0) return participants
    if (Date.now() > until) {
      const why =
        `${behind.length} of ${participants.length} processes have not followed ` +
        `within ${withinMs} ms`
      const next = 'wait 18 s, after which a process that was killed does not count any more'
      throw new CodedError('PARTICIPANT_LAGS', why, { next })
    }
    if (!reported && Date.now() > until - withinMs + FRESH_MS) {
      reporter.progress(`waiting for ${behind.length} of ${participants.length} processes`)
      reported = true
    }
    await delay(POLL_MS)
  }
}

/** Like `allAcknowledged`, and each has reported just now: required before writes wait for it. */
async function allParticipantsFresh(context: MigratorContext, migration: Migration): Promise<void> {
  const until = Date.now() + ACKNOWLEDGED_WITHIN_MS
  for (;;) {
    const participants = await allAcknowledged(context, migration)
    if (participants.length === 0 || Date.now() > until) throw noParticipant(context.names)
    if (participants.every(({ silentMs }) => silentMs < FRESH_MS)) return
    await delay(POLL_MS)
  }
}

/** A process that writes without following the move would be missed, so one must be there. */
export const noParticipant = (names: MoveNames): CodedError =>
  new CodedError('NO_PARTICIPANT', `no ${names.stage} is running that follows this move`, {
    next: startStage(names),
  })

const RECONCILED_WITHIN_MS = 60_000
/** A healthy write completes sooner. */
const OVERDUE_MS = 1_500

/** Waits until the participants have reconciled all intents but those of writes in flight. */
async function intentsReconciled({ intents, reporter, names }: MigratorContext): Promise<void> {
  const until = Date.now() + RECONCILED_WITHIN_MS
  for (let reported = 0; ; ) {
    const [refused] = await intents.listRefused(1, deadlineAfter(5_000))
    if (refused)
      throw new CodedError('ROW_REFUSED', refused.refusal!, { next: fixRefusedRow(names) })
    const overdue = await intents.countOlderThan(OVERDUE_MS, deadlineAfter(5_000))
    if (overdue === 0) return
    if (Date.now() > until) {
      const why = `${overdue} writes wait for the replica: it does not follow`
      throw new CodedError('NOT_RECONCILED', why, { next: 'see that it is up and well' })
    }
    if (overdue !== reported) reporter.progress(`${overdue} writes wait for the replica`)
    reported = overdue
    await delay(POLL_MS * 4)
  }
}

/** Repeated when a process was slow to follow, or lowered the fence. */
const ATTEMPTS = 10
/** Less than `FENCE_MS`, so that the fence is still up when the phase changes. */
const FENCED_MS = 1_500

/**
 * Takes a transition that changes the primary. Writes wait for some tenths of a second: every
 * participant ends what it began, the intents are reconciled, and the phase changes by compare and
 * set, only if the same fence is still up. If two processes decided by different primaries even for
 * a moment, a retry that meets the other could become a second message.
 *
 * Returns for how many milliseconds writes waited.
 */
export async function moveBehindFence(
  context: MigratorContext,
  { from, to }: Transition,
  pair: ReplicaPair,
): Promise<number> {
  const { state, updateState } = context
  for (let attempt = 1; ; attempt++) {
    const migration = await context.migration()
    if (migration.phase !== from) return 0
    await allParticipantsFresh(context, migration)
    await intentsReconciled(context)
    const began = Date.now()
    const fenced = await updateState(migration, 'raising the fence', { fencedFor: to })
    if (!fenced) continue
    try {
      await allAcknowledged(context, fenced, FENCED_MS)
      await reconcileAll(context, pair, began + FENCED_MS)
      const moved = await updateState(fenced, to, { phase: to, fencedFor: undefined })
      if (moved) {
        const fencedMs = Date.now() - began
        await allAcknowledged(context, moved)
        return fencedMs
      }
      if (attempt >= ATTEMPTS) throw fenceLost()
    } catch (error) {
      // Should this fail as well, the participants lower the fence.
      await state.update(fenced, { fencedFor: undefined }).catch(() => {})
      if (!hasCode(error) || attempt === ATTEMPTS) throw error
    }
    await delay(attempt * 200)
  }
}

const fenceLost = (): CodedError =>
  new CodedError('FENCE_LOST', 'processes lowered the write fence before the phase could change', {
    next: 'wait some seconds',
  })

/** Each may hold a row of megabytes on its way from one store to the other. */
const AT_ONCE = 40

/**
 * Reconciles every intent while the fence is up. Where the replica forgets deletes, young intents
 * are left alone, since their writes may still arrive there: most are done and about to be removed.
 * The fence comes down for the rest, and the transition is tried again.
 */
async function reconcileAll(
  { intents }: MigratorContext,
  pair: ReplicaPair,
  until: number,
): Promise<void> {
  const deadline = { at: until }
  const limit = pLimit(AT_ONCE)
  for (;;) {
    const all = await intents.list(500, deadline)
    if (all.length === 0) return
    const ripe = pair.replica.remembersDeletes
      ? all
      : all.filter(({ at }) => Date.now() - at.getTime() > IN_FLIGHT_MS)
    await Promise.all(ripe.map(({ intent }) => limit(() => reconcile(pair, intent, deadline))))
    await intents.remove(
      ripe.map(({ id }) => id),
      deadline,
    )
    if (ripe.length === 0) await delay(25)
  }
}
