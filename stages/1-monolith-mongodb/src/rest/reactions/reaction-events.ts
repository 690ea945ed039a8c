import { emojiToWire, normalizeEmoji } from '@threshold/domain'
import type { Deadline } from '@threshold/kit'
import type { Context } from '../context.ts'
import { publishToChannel } from '../messages/event-publisher.ts'
import type { ReactionTarget } from './reaction-target.ts'

type ReactionEventType =
  | 'MESSAGE_REACTION_ADD'
  | 'MESSAGE_REACTION_REMOVE'
  | 'MESSAGE_REACTION_REMOVE_EMOJI'
  | 'MESSAGE_REACTION_REMOVE_ALL'

/**
 * Publishes a change of a message's reactions. Unlike messages, reactions have no reconciler: after
 * a failed publish clients get the right counts when they next fetch the message.
 */
export async function publishReactionEvent(
  context: Context,
  { access, message }: ReactionTarget,
  type: ReactionEventType,
  fields: object,
  deadline: Deadline,
): Promise<void> {
  const data = {
    channel_id: access.channel.id,
    message_id: message.id,
    ...(access.kind === 'guild' ? { guild_id: access.guildId } : {}),
    ...fields,
  }
  const id = `${message.id}:${type}:${context.runtime.hybrid.next()}`
  const event = { v: 1, id, type, data, channelId: access.channel.id } as const
  await publishToChannel(context, access, event, deadline)
}

export const publishReactionRemoved = (
  context: Context,
  target: ReactionTarget,
  { emoji, userId }: { readonly emoji: string; readonly userId: string },
  deadline: Deadline,
): Promise<void> =>
  publishReactionEvent(
    context,
    target,
    'MESSAGE_REACTION_REMOVE',
    { user_id: userId, emoji: emojiToWire(normalizeEmoji(emoji)), burst: false, type: 0 },
    deadline,
  )
