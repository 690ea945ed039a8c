import { timeOf, timeToWire } from '@threshold/contract'
import { mergeSpellings } from '../emoji.ts'
import type { Emoji, ReactionCount, StoredMessage, User } from '../model.ts'
import { userToWire } from './guild.ts'

/** Data that the wire format of a message needs besides the message. */
export interface MessageContext {
  readonly users: ReadonlyMap<string, User>
  /** Absent in a direct message. */
  readonly guildId?: string | undefined
  readonly reactions?: readonly ReactionCount[]
  /** The message that this one replies to; null if it was deleted. */
  readonly replied?: StoredMessage | null
}

export function messageToWire(message: StoredMessage, context: MessageContext): object {
  const person = (id: string) =>
    userToWire(context.users.get(id) ?? { v: 1, id, username: 'unknown', bot: false })
  return {
    id: message.id,
    type: message.type,
    channel_id: message.channelId,
    author: person(message.authorId),
    content: message.content,
    timestamp: timeToWire(timeOf(message.id)),
    edited_timestamp: message.editedAt === undefined ? null : timeToWire(message.editedAt),
    tts: message.tts ?? false,
    mention_everyone: message.mentionEveryone ?? false,
    mentions: (message.mentions ?? []).map(person),
    mention_roles: [...(message.mentionRoles ?? [])],
    attachments: [],
    // Users can send only this type of embed. Discord makes the others from links.
    embeds: (message.embeds ?? []).map((embed) => ({ ...embed, type: 'rich' })),
    components: [],
    pinned: false,
    flags: message.flags ?? 0,
    ...(message.nonce === undefined ? {} : { nonce: message.nonce }),
    ...(context.reactions && context.reactions.length > 0
      ? { reactions: mergeSpellings(context.reactions).map(reactionToWire) }
      : {}),
    ...(message.reference
      ? {
          message_reference: {
            type: 0,
            message_id: message.reference.messageId,
            channel_id: message.reference.channelId,
            ...(context.guildId === undefined ? {} : { guild_id: context.guildId }),
          },
          ...(context.replied === undefined
            ? {}
            : {
                referenced_message:
                  context.replied &&
                  messageToWire(context.replied, {
                    users: context.users,
                    guildId: context.guildId,
                  }),
              }),
        }
      : {}),
  }
}

/** Takes `👍` or `name:id`, as in a URL. */
export function emojiToWire(emoji: Emoji): { id: string | null; name: string; animated?: boolean } {
  const custom = /^(\w{1,32}):([0-9]{1,19})$/.exec(emoji)
  return custom ? { id: custom[2]!, name: custom[1]!, animated: false } : { id: null, name: emoji }
}

const reactionToWire = (count: ReactionCount) => ({
  emoji: emojiToWire(count.emoji),
  count: count.count,
  count_details: { burst: 0, normal: count.count },
  me: count.me,
  me_burst: false,
  burst_colors: [],
})
