import type { ChannelId, GuildId, MessageId, UserId } from '@threshold/contract'
import type { Deadline } from '@threshold/kit'

/** A push. Each message has one at most, whatever the number of its recipients. */
export interface Notification {
  readonly v: 1
  /** The message's id. Also the idempotency key, by which a sink drops repetitions. */
  readonly id: MessageId
  readonly channelId: ChannelId
  readonly guildId?: GuildId
  readonly reason: 'mention' | 'dm'
  readonly recipients: readonly UserId[]
  readonly author: { readonly id: UserId; readonly username: string }
  readonly content: string
}

/**
 * Sends pushes to a sink: an HTTP POST of the notification as JSON, with the content cut to 120
 * UTF-16 code units and the message's id in the header `Idempotency-Key`.
 *
 * Guarantees: delivery is at least once and survives a restart. While the sink is away (no
 * connection, 408, 429, 5xx) the notifier retries with growing pauses. A refusal (any other 4xx)
 * ends the retries.
 */
export interface Notifier extends AsyncDisposable {
  /**
   * Accepts a push. Durable once resolved. The caller enqueues before it stores the message, so
   * that no acknowledged message lacks its push. The notifier drops a push whose message never
   * appears in the store.
   */
  enqueue(notification: Notification, deadline: Deadline): Promise<void>
}
