import { invalidField, Permission, refuse } from '@threshold/contract'
import { hasPermission, type StoredMessage } from '@threshold/domain'
import type { CreateMessage } from '../../input/index.ts'
import type { ChannelAccess, Context } from '../context.ts'
import type { ApiRequest } from '../route.ts'
import { mentionFields, pingsRepliedAuthor, resolveMentions } from './resolve-mentions.ts'

const DEFAULT = 0
const REPLY = 19
/** SUPPRESS_EMBEDS and SUPPRESS_NOTIFICATIONS are the flags that a sender may set. */
const SENDER_FLAGS = (1 << 2) | (1 << 12)

/** A message that is ready to be stored. */
export interface Draft {
  readonly message: StoredMessage
  /** The message that it replies to. */
  readonly replied: StoredMessage | undefined
}

/**
 * Builds a message from what the client sent. Throws the contract's refusal for an empty message,
 * for embeds without the permission, and for a reply to an unknown message.
 */
export async function createDraft(
  context: Context,
  request: ApiRequest,
  access: ChannelAccess,
  input: CreateMessage,
): Promise<Draft> {
  const content = input.content ?? ''
  const embeds = input.embeds ?? (input.embed ? [input.embed] : [])
  // The schema has checked the form. These checks need the sender's permissions or other messages.
  if (content.length === 0 && embeds.length === 0) throw refuse.emptyMessage()
  checkEmbeds(access, embeds)
  const replied = await findReplied(context, request, access, input)
  const mentions = await resolveMentions(context, request, access, content, input.allowed_mentions)
  const pinged = replied && pingsRepliedAuthor(input.allowed_mentions) ? [replied.authorId] : []
  // The id is drawn last, so that messages are stored in about the order of their ids.
  const message: StoredMessage = {
    v: 1,
    id: context.tools.newId(),
    channelId: access.channel.id,
    authorId: request.userId,
    content,
    // Orders the writes to one message. The wall clock could not: it may be set back.
    writeTimeMicros: context.runtime.hybrid.next(),
    type: replied ? REPLY : DEFAULT,
    ...(input.tts === true && maySpeak(access) ? { tts: true } : {}),
    ...(input.nonce == null ? {} : { nonce: input.nonce }),
    ...(input.flags ? { flags: input.flags & SENDER_FLAGS } : {}),
    ...(embeds.length > 0 ? { embeds } : {}),
    ...mentionFields({ ...mentions, users: [...new Set([...mentions.users, ...pinged])] }),
    ...(replied ? { reference: { messageId: replied.id, channelId: replied.channelId } } : {}),
  }
  return { message, replied }
}

/** Discord refuses the whole message; it does not drop the embeds. */
export function checkEmbeds(access: ChannelAccess, embeds: readonly object[]): void {
  if (embeds.length === 0 || access.kind === 'dm') return
  if (!hasPermission(access.permissions, Permission.EmbedLinks)) throw refuse.missingPermissions()
}

/** Discord sends the message of an author without the permission, and drops `tts`. */
const maySpeak = (access: ChannelAccess): boolean =>
  access.kind === 'dm' || hasPermission(access.permissions, Permission.SendTTSMessages)

async function findReplied(
  context: Context,
  request: ApiRequest,
  access: ChannelAccess,
  { message_reference: reference }: CreateMessage,
): Promise<StoredMessage | undefined> {
  if (!reference) return undefined
  if (access.kind === 'guild' && !hasPermission(access.permissions, Permission.ReadMessageHistory))
    throw refuse.missingPermissions()
  // A reply across channels is not supported, and counts as a reply to an unknown message.
  const elsewhere = reference.channel_id != null && reference.channel_id !== access.channel.id
  const [found] = elsewhere
    ? []
    : await context.ports.messages.get(access.channel.id, [reference.message_id], request.deadline)
  if (!found && reference.fail_if_not_exists !== false)
    throw invalidField('message_reference', 'REPLIES_UNKNOWN_MESSAGE', 'Unknown message')
  return found
}
