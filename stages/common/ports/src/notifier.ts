import type { ChannelId, GuildId, MessageId, UserId } from '@threshold/contract'
import type { Deadline } from '@threshold/kit'

/** A push to be sent: one per message, whoever and however many it concerns. */
export interface Notification {
  readonly v: 1
  /** The message's id; also the idempotency key, so that a sink may drop what it has seen. */
  readonly id: MessageId
  readonly channelId: ChannelId
  readonly guildId?: GuildId
  readonly reason: 'mention' | 'dm'
  readonly recipients: readonly UserId[]
  readonly author: { readonly id: UserId; readonly username: string }
  readonly content: string
}

/**
 * Tells people who are not looking, by an HTTP POST of the notification as JSON, its content cut to
 * 120 UTF-16 code units at most. At least once, with the message's id as the header
 * `Idempotency-Key`; retried with growing pauses while the sink is away (no connection, 408, 429,
 * 5xx), given up where it refuses (other 4xx), and kept over a restart.
 */
export interface Notifier extends AsyncDisposable {
  /**
   * Durable once resolved. Called before the message is stored, so that no acknowledged message
   * lacks its push; a push whose message never came to be is dropped.
   */
  enqueue(notification: Notification, deadline: Deadline): Promise<void>
}
