import type { MessageId } from '@threshold/contract'
import type { Reaction } from '@threshold/domain'
import type { Deadline } from '@threshold/kit'
import type { DeletedMessage } from './replica.ts'
import type { Phase } from './transitions.ts'

/**
 * Decides about a write that the primary has and the replica could not be given: answer it and
 * reconcile later (`queue`), or answer 503 (`fail`).
 */
export type Policy = 'queue' | 'fail'

/** The one document that the migrator and every process of the stage go by. */
export interface Migration {
  /** Names the migrator's checkpoints, which are worth nothing with another database. */
  readonly runId: string
  readonly phase: Phase
  readonly since: Date
  /** Counts updates. An update applies only to the epoch that its author has read. */
  readonly epoch: number
  /** The epoch in which this phase began. A verification holds for as long as it stays the same. */
  readonly enteredEpoch: number
  /** The epoch in which dual writes began. A backfill holds for as long as it stays the same. */
  readonly generation: number
  /** The write fence is up: writes wait until the move has entered this phase or gives up on it. */
  readonly fencedFor?: Phase | undefined
  readonly policy: Policy
  /** The share of pages that are read from both stores. Each clean verification begins a round. */
  readonly shadow: { readonly share: number; readonly round: number }
  /** The source's copy is removed, or there never was one: nothing is left to do. */
  readonly sourceDropped?: boolean | undefined
}

export type MigrationChange = Partial<
  Pick<Migration, 'phase' | 'fencedFor' | 'policy' | 'shadow' | 'sourceDropped'>
>

/** The document after a change. Every adapter of `MigrationState` counts epochs by this. */
export function changeMigration(
  from: Migration,
  change: MigrationChange,
  nowMs: number,
): Migration {
  const epoch = from.epoch + 1
  const beginsDualWrites = change.phase === 'dual-write' && from.phase === 'source'
  const entersPhase = change.phase !== undefined && change.phase !== from.phase
  return {
    ...from,
    ...change,
    epoch,
    // An earlier backfill's copy is not known to be complete any more.
    ...(beginsDualWrites ? { generation: epoch } : {}),
    ...(entersPhase ? { since: new Date(nowMs), enteredEpoch: epoch } : {}),
  }
}

/**
 * The stage began on the target. Messages that turn up on the source later do not belong there, and
 * hide none.
 */
export const neverMoved = ({ phase, generation }: Migration): boolean =>
  phase === 'decommissioned' && generation === 0

/** Pages that one process has read from both stores in a round. */
export interface ShadowReads {
  readonly round: number
  readonly same: number
  readonly differing: number
  /** Pages that one of the stores could not read. */
  readonly failed: number
  /** Pages that have differed for a while and are being read again. */
  readonly doubtful: number
}

/** A process of the stage that follows the move. */
export interface Participant {
  readonly id: string
  /** Everything that it began before this epoch has ended. */
  readonly epoch: number
  /**
   * Milliseconds since its last report, by the database's clock: its own may have been set back.
   */
  readonly silentMs: number
  readonly shadow: ShadowReads
}

/**
 * The state of a move, where every process can reach it. It must outlive the move.
 *
 * `participants` must leave out a process once it can write no more, and not before. A participant
 * begins no request later than 5 s after its last report (`LEASE_MS`), finishes one within 5 s more
 * and its replication within one: 11 s. Adapters add a margin for clocks.
 */
export interface MigrationState {
  read(): Promise<Migration | undefined>
  /** Writes the first document unless one exists. Returns the one that does. */
  begin(phase: Phase): Promise<Migration>
  /** Undefined where the document has changed since `from` was read. */
  update(from: Migration, change: MigrationChange): Promise<Migration | undefined>
  participants(): Promise<Participant[]>
  report(participant: Omit<Participant, 'silentMs'>): Promise<void>
  leave(id: string): Promise<void>
  /** Durable, since the process that saw the differing page may end before it is asked. */
  recordDifference(round: number): Promise<void>
  countDifferences(round: number): Promise<number>
  sourceHasMessages(): Promise<boolean>
}

/** A write to two stores that is about to begin. A process that dies leaves it behind. */
export type WriteIntent =
  | ({ readonly kind: 'insert' | 'edit' | 'remove' } & DeletedMessage)
  | ({ readonly kind: 'react' | 'unreact' } & Reaction)

export interface RecordedIntent {
  readonly id: string
  readonly at: Date
  readonly intent: WriteIntent
  /** The replica's reason for never taking the row as it is. */
  readonly refusal?: string
}

/**
 * The intents of all processes. An intent says only where the stores may differ, so reconciling it
 * may be repeated and needs no order.
 */
export interface WriteIntents extends AsyncDisposable {
  /** Durable once resolved: call it before the primary is written. Returns the ids. */
  record(intents: readonly WriteIntent[], deadline: Deadline): Promise<string[]>
  /** Both stores have the write. Removed a moment later, many at once. */
  complete(ids: readonly string[]): void
  /** The primary has the write and the replica was not reached: due at once. */
  retrySoon(ids: readonly string[]): void
  /**
   * The replica refuses the row as it is. It is due again some seconds later, behind all others:
   * the message may be edited or deleted, or the replica be set up to take it.
   */
  markRefused(ids: readonly string[], reason: string, deadline: Deadline): Promise<void>
  listRefused(limit: number, deadline: Deadline): Promise<RecordedIntent[]>
  /** Oldest first: what `retrySoon` named here, else what is older than `IN_FLIGHT_MS`. */
  listDue(limit: number, deadline: Deadline): Promise<RecordedIntent[]>
  countOlderThan(ms: number, deadline: Deadline): Promise<number>
  /** Selects the messages with an intent that may still be reconciled as it is. */
  pendingFor(ids: readonly MessageId[], deadline: Deadline): Promise<ReadonlySet<MessageId>>
  /** All of them, whatever their age: for a caller that knows that nothing is being written. */
  list(limit: number, deadline: Deadline): Promise<RecordedIntent[]>
  remove(ids: readonly string[], deadline: Deadline): Promise<void>
}

/**
 * Longer than a request's deadline and a driver's socket timeout together: what was sent to a store
 * has arrived by then, or never will.
 */
export const IN_FLIGHT_MS = 15_000
