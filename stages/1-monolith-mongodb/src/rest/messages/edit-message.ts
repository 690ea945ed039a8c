import { refuse, timeOf } from '@threshold/contract'
import { findMentions, type StoredMessage } from '@threshold/domain'
import type { HubEvent, MessageEdit } from '@threshold/ports'
import type { EditMessage } from '../../input/index.ts'
import type { ChannelAccess, Context } from '../context.ts'
import type { ApiRequest, Requester } from '../route.ts'
import type { EventPublisher, FindEvent, MessageChange } from './event-publisher.ts'
import type { MessageChannel } from './message-channel.ts'
import { checkEmbeds } from './message-draft.ts'
import { messageUpdated, updateEventId } from './message-events.ts'
import { renderMessages } from './render-messages.ts'
import { mentionFields, pingsRepliedAuthor, resolveMentions } from './resolve-mentions.ts'
import { writeSearchEntry } from './search-entry.ts'

/** The flag that an edit may set. */
const SUPPRESS_EMBEDS = 1 << 2

/**
 * Changes the fields that the author gave and no others: first the stored message, then its search
 * entry, then the event. If a step fails, the edit may have been stored; the reconciler looks for
 * it by its write time and publishes it.
 */
export async function editMessage(
  context: Context,
  publisher: EventPublisher,
  request: ApiRequest,
  access: ChannelAccess,
  before: StoredMessage,
  input: EditMessage,
): Promise<object> {
  const { messages } = context.ports
  const { hybrid } = context.runtime
  const { id, channelId } = before
  const set = await changedFields(context, request, access, before, input)
  hybrid.observe(before.writeTimeMicros)
  for (;;) {
    const version: Version = { id, writeTimeMicros: hybrid.next() }
    const result = await publisher.attempt(request, access, [changeTo(version)], async () => {
      const edited = await messages.edit({ ...version, channelId, set }, request.deadline)
      if (edited === 'absent') return 'absent'
      if (edited.writeTimeMicros > version.writeTimeMicros) {
        hybrid.observe(edited.writeTimeMicros)
        return 'superseded'
      }
      const { event, body } = await indexAndRender(context, request, access, edited)
      await publisher.publish(access, event, request.deadline)
      return body
    })
    // The store keeps the larger write time. Another edit with a later one was stored meanwhile,
    // perhaps by a process whose clock is ahead. This request came after it, so it tries again with
    // a time that is later still.
    if (result === 'superseded') continue
    if (result === 'absent') throw refuse.unknownMessage()
    return result
  }
}

/** One state of a message: every edit has a write time of its own. */
type Version = Pick<StoredMessage, 'id' | 'writeTimeMicros'>

const changeTo = (version: Version): MessageChange => ({
  kind: 'edited',
  eventId: updateEventId(version),
  messageId: version.id,
  writeTimeMicros: version.writeTimeMicros,
})

/**
 * The event of an edit that may be stored. Undefined if it is not, or if a later edit has replaced
 * it: that one publishes its own event. The later edit may come while this function runs. Its
 * search entry could then be overwritten by the earlier one, so it is written again.
 */
export const findEdited =
  (context: Context): FindEvent =>
  async (access, { messageId, writeTimeMicros }, editor) => {
    const read = async (): Promise<StoredMessage | undefined> =>
      (await context.ports.messages.get(access.channel.id, [messageId], editor.deadline))[0]
    const found = await read()
    if (found?.writeTimeMicros !== writeTimeMicros) return undefined
    const { event } = await indexAndRender(context, editor, access, found!)
    const latest = await read()
    if (latest?.writeTimeMicros === writeTimeMicros) return event
    if (latest && access.kind === 'guild') {
      const replied = await findReplied(context, latest, editor)
      await writeSearchEntry(context, access, latest, replied, editor.deadline)
    }
    return undefined
  }

async function changedFields(
  context: Context,
  request: ApiRequest,
  access: ChannelAccess,
  before: StoredMessage,
  input: EditMessage,
): Promise<MessageEdit['set']> {
  const content = input.content === undefined ? before.content : (input.content ?? '')
  const keepsEmbeds = input.embeds === undefined && input.embed === undefined
  const embeds = keepsEmbeds ? before.embeds : (input.embeds ?? (input.embed ? [input.embed] : []))
  if (content.length === 0 && !embeds?.length) throw refuse.emptyMessage()
  if (!keepsEmbeds) checkEmbeds(access, embeds ?? [])
  return {
    ...(embeds ? { embeds } : {}),
    ...(input.flags == null
      ? {}
      : { flags: ((before.flags ?? 0) & ~SUPPRESS_EMBEDS) | (input.flags & SUPPRESS_EMBEDS) }),
    ...(input.content === undefined
      ? {}
      : await contentFields(context, request, access, before, { ...input, content })),
    // Not before the send: the message's id may lie ahead of a clock that was set back.
    editedAt: Math.max(context.runtime.clock.now(), timeOf(before.id), before.editedAt ?? 0),
  }
}

/**
 * New text has mentions of its own. The author of the replied message, whom the old message pinged
 * without naming them in its text, stays mentioned unless the edit's `allowed_mentions` excludes
 * it.
 */
async function contentFields(
  context: Context,
  request: ApiRequest,
  access: ChannelAccess,
  before: StoredMessage,
  {
    content,
    allowed_mentions,
  }: { readonly content: string } & Pick<EditMessage, 'allowed_mentions'>,
): Promise<MessageEdit['set']> {
  const namedInText = findMentions(before.content, undefined).users
  const pingedByReply =
    before.reference && pingsRepliedAuthor(allowed_mentions)
      ? (before.mentions ?? []).filter((id) => !namedInText.includes(id))
      : []
  const { users, ...others } = await resolveMentions(
    context,
    request,
    access,
    content,
    allowed_mentions,
  )
  return {
    content,
    // An edit leaves absent fields as they are, so mentions that are gone are set to empty.
    mentions: [],
    mentionRoles: [],
    mentionEveryone: false,
    ...mentionFields({ ...others, users: [...new Set([...users, ...pingedByReply])] }),
  }
}

/** Writes the search entry, and builds the event and the body of the answer. */
async function indexAndRender(
  context: Context,
  editor: Requester,
  channel: MessageChannel,
  edited: StoredMessage,
): Promise<{ event: HubEvent; body: object }> {
  const replied = await findReplied(context, edited, editor)
  if (channel.kind === 'guild')
    await writeSearchEntry(context, channel, edited, replied, editor.deadline)
  const [body] = await renderMessages(context, editor, channel, [edited], {
    reactions: true,
    replied,
  })
  // `me` in a reaction count is the editor's, so the event has no counts: all sessions receive the
  // same event, and each client keeps the counts it has.
  const { reactions: _, ...shared } = body as { reactions?: unknown }
  return { event: await messageUpdated(context, editor, channel, edited, shared), body: body! }
}

async function findReplied(
  context: Context,
  { channelId, reference }: StoredMessage,
  { deadline }: Requester,
): Promise<StoredMessage | undefined> {
  if (!reference) return undefined
  return (await context.ports.messages.get(channelId, [reference.messageId], deadline))[0]
}
