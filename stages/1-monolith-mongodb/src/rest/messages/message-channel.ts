import type { UserId } from '@threshold/contract'
import type { Channel, Member } from '@threshold/domain'
import type { PendingChange } from '@threshold/ports'

type ChannelKey = Pick<Channel, 'id' | 'type'>

export interface GuildMessageChannel {
  readonly kind: 'guild'
  readonly guildId: string
  readonly channel: ChannelKey
  /** The member who made the change, if a request has read it already. */
  readonly member?: Member
}

export interface DirectMessageChannel {
  readonly kind: 'dm'
  readonly guildId?: undefined
  readonly channel: ChannelKey
  /** Both users of the channel. */
  readonly recipients: readonly UserId[]
}

/**
 * The channel of a message, as far as rendering and publishing the message need it. The access of a
 * request has this form. The reconciler has no request, and builds it from the pending change.
 */
export type MessageChannel = GuildMessageChannel | DirectMessageChannel

export const toMessageChannel = ({
  id,
  type,
  guildId,
  recipients = [],
}: PendingChange['channel']): MessageChannel =>
  guildId === undefined
    ? { kind: 'dm', channel: { id, type }, recipients }
    : { kind: 'guild', guildId, channel: { id, type } }
