import type { MessageId } from '@threshold/contract'
import { partialMemberToWire, type StoredMessage } from '@threshold/domain'
import type { HubEvent } from '@threshold/ports'
import type { Context } from '../context.ts'
import type { Requester } from '../route.ts'
import type { GuildMessageChannel, MessageChannel } from './message-channel.ts'

/**
 * The events of messages. Every id is derived from the change itself, so that a retry or the
 * reconciler builds an event with the same id, and the hub publishes it once.
 */

/** `body` is the message as REST answers it. */
export const messageCreated = (
  context: Context,
  requester: Requester,
  channel: MessageChannel,
  message: StoredMessage,
  body: object,
): Promise<HubEvent> =>
  messageEvent(context, requester, channel, message, body, {
    id: message.id,
    type: 'MESSAGE_CREATE',
  })

export const messageUpdated = (
  context: Context,
  requester: Requester,
  channel: MessageChannel,
  message: StoredMessage,
  body: object,
): Promise<HubEvent> =>
  messageEvent(context, requester, channel, message, body, {
    id: updateEventId(message),
    type: 'MESSAGE_UPDATE',
  })

/** One message may be edited often, so the write time tells its edits apart. */
export const updateEventId = ({
  id,
  writeTimeMicros,
}: Pick<StoredMessage, 'id' | 'writeTimeMicros'>): string => `${id}:${writeTimeMicros}`

export const deletionEventId = (id: MessageId): string => `${id}:deleted`

export const messageDeleted = (access: MessageChannel, id: MessageId): HubEvent => ({
  v: 1,
  id: deletionEventId(id),
  type: 'MESSAGE_DELETE',
  data: { id, ...locationOf(access) },
  channelId: access.channel.id,
})

export const messagesDeleted = (access: MessageChannel, ids: readonly MessageId[]): HubEvent => ({
  v: 1,
  id: `${ids[0]}:bulk:${ids.length}`,
  type: 'MESSAGE_DELETE_BULK',
  data: { ids, ...locationOf(access) },
  channelId: access.channel.id,
})

const locationOf = ({ kind, guildId, channel }: MessageChannel): object => ({
  channel_id: channel.id,
  ...(kind === 'guild' ? { guild_id: guildId } : {}),
})

/** The message as REST answers it, and in a guild the members that it concerns. */
async function messageEvent(
  context: Context,
  requester: Requester,
  access: MessageChannel,
  message: StoredMessage,
  body: object,
  { id, type }: Pick<HubEvent, 'id' | 'type'>,
): Promise<HubEvent> {
  const guildFields =
    access.kind === 'guild'
      ? await memberFields(context, requester, access, message, body as WithMentions)
      : {}
  return {
    v: 1,
    id,
    type,
    data: {
      ...body,
      // discord.js builds a direct channel from it that no CHANNEL_CREATE has announced.
      channel_type: access.channel.type,
      ...guildFields,
    },
    channelId: message.channelId,
    // The gateway removes the content for sessions without the MESSAGE_CONTENT intent, except for
    // the author and mentioned users. It decides that by these two fields.
    authorId: message.authorId,
    ...(message.mentions ? { mentions: message.mentions } : {}),
  }
}

interface WithMentions {
  readonly mentions: readonly { readonly id: string }[]
}

/** Discord adds to a guild's message the member data of its author and of all mentioned users. */
async function memberFields(
  context: Context,
  { userId, deadline }: Requester,
  { guildId, member: requesting }: GuildMessageChannel,
  { authorId }: StoredMessage,
  { mentions }: WithMentions,
): Promise<object> {
  const ids = new Set([
    ...(requesting && authorId === userId ? [] : [authorId]),
    ...mentions.map((user) => user.id),
  ])
  const others =
    ids.size === 0 ? [] : await context.ports.hub.members(guildId, { ids: [...ids] }, deadline)
  const members = new Map(
    [...(requesting ? [requesting] : []), ...others].map((member) => [
      member.user.id,
      { member: partialMemberToWire(member) },
    ]),
  )
  return {
    guild_id: guildId,
    ...members.get(authorId),
    mentions: mentions.map((user) => ({ ...user, ...members.get(user.id) })),
  }
}
