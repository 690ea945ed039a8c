import type { ChannelId, GuildId, MessageId, UserId } from '@threshold/contract'
import type { Channel } from '@threshold/domain'
import type { Deadline } from '@threshold/kit'

/** A change of a message whose event may still have to be published. */
export interface PendingChange {
  readonly v: 1
  readonly kind: 'created' | 'edited' | 'deleted'
  /** The id of its event. It also identifies the change. */
  readonly eventId: string
  readonly messageId: MessageId
  /** Tells the edits of one message apart. */
  readonly writeTimeMicros?: bigint
  /** The user who made the change. */
  readonly userId: UserId
  readonly channel: {
    readonly id: ChannelId
    readonly type: Channel['type']
    readonly guildId?: GuildId
    /** Both users of a direct message channel. */
    readonly recipients?: readonly UserId[]
  }
}

/**
 * Looks a change up in the store and publishes its event. Resolves with `absent` if the store does
 * not have the change: the message, or this edit of it, or for a deletion its absence. Rejects if
 * the store or the hub does not answer. Publishing twice is harmless, since the hub drops the
 * second.
 */
export type PublishChange = (
  change: PendingChange,
  deadline: Deadline,
) => Promise<'published' | 'absent'>

/**
 * One request's try at storing and publishing changes. Call one of its methods once. An attempt on
 * which neither is called counts as one of a process that died.
 */
export interface PublishAttempt {
  /** The outcome is unknown: the changes are published if the store turns out to have them. */
  reconcile(): void
  /** Each change was published, or this attempt did not store it. Ends this attempt alone. */
  settle(): void
}

/**
 * Publishes changes that were stored and whose events may not have been published. A change is
 * stored first and published second, so a request that fails in between, or a process that dies
 * there, leaves a change that no session has received.
 *
 * An adapter looks a change up until it is published. `absent` is final only when no write can land
 * any more, thirty seconds after the first such answer. An adapter may give up after ten minutes,
 * or when too many changes wait: clients then find them in the history. One that keeps changes
 * outside of its process also reconciles the attempts of a process that died.
 */
export interface PublishReconciler extends AsyncDisposable {
  /** Sets how changes are published. Called once, before all other methods. */
  start(publish: PublishChange): void
  /**
   * Remembers changes that are about to be stored. Rejects with `UNAVAILABLE` or
   * `DEADLINE_EXCEEDED`; the caller must not store them then.
   */
  begin(changes: readonly PendingChange[], deadline: Deadline): Promise<PublishAttempt>
  /**
   * These events were published, so that no attempt has to publish them any more, such as the
   * failed first try of a request that the client has repeated.
   */
  published(eventIds: readonly string[]): void
}
