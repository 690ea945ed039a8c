import { refuse } from '@threshold/contract'
import { normalizeEmoji, qualifiedEmoji, type StoredMessage } from '@threshold/domain'
import type { ChannelAccess, Context } from '../context.ts'
import type { ApiRequest, Requester } from '../route.ts'

/** The message that a request reacts to, and the user's access to its channel. */
export interface ReactionTarget {
  readonly access: ChannelAccess
  readonly message: StoredMessage
}

/**
 * Throws unless the user has the `needed` permissions and the message exists, and for a direct
 * message if only guilds have the route.
 */
export async function findTarget(
  context: Context,
  request: ApiRequest,
  needed: bigint,
  { guildOnly = false } = {},
): Promise<ReactionTarget> {
  const access = await context.authorizeChannel(request, needed)
  if (guildOnly && access.kind === 'dm') throw refuse.dmNotAllowed()
  const [message] = await context.ports.messages.get(
    access.channel.id,
    [request.params.message!],
    request.deadline,
  )
  if (!message) throw refuse.unknownMessage()
  return { access, message }
}

/** `name:id`, or `<a:name:id>` without its brackets, as discord.py and its forks send it. */
const CUSTOM_EMOJI = /^(?:a?:)?(\w{1,32}:[0-9]{1,19})$/
const MAX_EMOJI_LENGTH = 60

/**
 * The emoji of the request's path: a custom one as `name:id`, a Unicode one fully qualified.
 * Clients spell them in several ways.
 */
export function parseEmoji({ params }: ApiRequest): string {
  const given = params.emoji!
  const emoji = CUSTOM_EMOJI.exec(given)?.[1] ?? qualifiedEmoji(given)
  if (given.length > MAX_EMOJI_LENGTH || emoji === undefined) throw refuse.unknownEmoji()
  return emoji
}

/**
 * Earlier versions stored reactions under other spellings of an emoji. Finds those on a message.
 */
export async function otherSpellings(
  { ports }: Context,
  { userId, deadline }: Requester,
  { message: { id, channelId } }: ReactionTarget,
  emoji: string,
): Promise<string[]> {
  const counts = (await ports.messages.reactions(channelId, [id], userId, deadline)).get(id) ?? []
  return counts
    .map((count) => count.emoji)
    .filter((stored) => stored !== emoji && normalizeEmoji(stored) === emoji)
}

/** A write time after the message's own, which may come from a process whose clock is ahead. */
export function writeTimeAfter(
  { runtime: { hybrid } }: Context,
  { writeTimeMicros }: StoredMessage,
): bigint {
  hybrid.observe(writeTimeMicros)
  return hybrid.next()
}
