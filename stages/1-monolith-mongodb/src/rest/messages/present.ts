import { messageToWire, partialMemberToWire, type StoredMessage } from '@threshold/domain'
import type { HubEvent } from '@threshold/ports'
import type { Context, Place } from '../context.ts'
import type { Ask } from '../route.ts'

/** For whom, and until when. */
type Asker = Pick<Ask, 'me' | 'deadline'>

/**
 * Messages as REST answers them: authors, mentions, reactions and what was replied to, looked up
 * for all of them at once.
 */
export async function present(
  context: Context,
  ask: Asker,
  { guildId }: { readonly guildId?: string | undefined },
  messages: readonly StoredMessage[],
  options: { reactions?: boolean; replied?: StoredMessage | undefined } = {},
): Promise<object[]> {
  if (messages.length === 0) return []
  const { ports } = context
  const channelId = messages[0]!.channelId
  const here = new Map(
    [...(options.replied ? [options.replied] : []), ...messages].map((m) => [m.id, m]),
  )
  const wanted = [
    ...new Set(
      messages.flatMap((m) =>
        m.reference && !here.has(m.reference.messageId) ? [m.reference.messageId] : [],
      ),
    ),
  ]
  const [fetched, reactions] = await Promise.all([
    wanted.length > 0 ? ports.messages.get(channelId, wanted, ask.deadline) : [],
    options.reactions
      ? ports.messages.reactions(channelId, [...here.keys()], ask.me, ask.deadline)
      : new Map(),
  ])
  for (const message of fetched) here.set(message.id, message)
  const users = await context.people(
    [...here.values()].flatMap((m) => [m.authorId, ...(m.mentions ?? [])]),
    ask.deadline,
  )
  return messages.map((m) =>
    messageToWire(m, {
      users,
      guildId,
      reactions: reactions.get(m.id),
      ...(m.reference ? { replied: here.get(m.reference.messageId) ?? null } : {}),
    }),
  )
}

/** Of the event that tells of an edit. */
export const updateId = ({
  id,
  writeTimeMicros,
}: Pick<StoredMessage, 'id' | 'writeTimeMicros'>): string => `${id}:${writeTimeMicros}`

/** The dispatch of a message: what REST answers, and in a guild where it was said and as whom. */
export async function messageEvent(
  context: Context,
  ask: Asker,
  place: Place,
  message: StoredMessage,
  body: object,
  type: 'MESSAGE_CREATE' | 'MESSAGE_UPDATE',
): Promise<HubEvent> {
  return {
    v: 1,
    id: type === 'MESSAGE_CREATE' ? message.id : updateId(message),
    type,
    data: {
      ...body,
      // By it discord.js knows a direct channel that nobody announced.
      channel_type: place.channel.type,
      ...(place.kind === 'guild'
        ? await asMembers(context, ask, place, message, body as { mentions: { id: string }[] })
        : {}),
    },
    channelId: message.channelId,
    authorId: message.authorId,
    ...(message.mentions ? { mentions: message.mentions } : {}),
  }
}

/**
 * What an event tells of a guild beside the message: as which member its author wrote it, and whom
 * it mentions.
 */
async function asMembers(
  context: Context,
  ask: Asker,
  place: Extract<Place, { kind: 'guild' }>,
  { authorId }: StoredMessage,
  { mentions }: { mentions: readonly { id: string }[] },
): Promise<object> {
  const ids = new Set([
    ...(authorId === ask.me ? [] : [authorId]),
    ...mentions.map((user) => user.id),
  ])
  const found =
    ids.size === 0
      ? []
      : await context.ports.hub.members(place.guildId, { ids: [...ids] }, ask.deadline)
  const members = new Map(
    [place.member, ...found].map((member) => [
      member.user.id,
      { member: partialMemberToWire(member) },
    ]),
  )
  return {
    guild_id: place.guildId,
    ...members.get(authorId),
    mentions: mentions.map((user) => ({ ...user, ...members.get(user.id) })),
  }
}
