import { type EditMessage, refuse, timeOf } from '@threshold/contract'
import { findMentions, type StoredMessage } from '@threshold/domain'
import type { Deadline } from '@threshold/kit'
import type { HubEvent, MessageEdit } from '@threshold/ports'
import type { Context, Place } from '../context.ts'
import type { Ask } from '../route.ts'
import { indexMessage } from './index-message.ts'
import type { Orphans } from './orphans.ts'
import { messageEvent, present, updateId } from './present.ts'
import { checkEmbeds, contentMentions, mentionsOf, pingsReplied } from './send.ts'

/** The flag that an edit may set. */
const SUPPRESS_EMBEDS = 1 << 2

/**
 * Changes what the author gave and nothing else: first the message, then what is found by its
 * words, then the event. Whatever fails from the store on, the change may have been made; the
 * reconciler looks, and finds what it tells of by its write time.
 */
export async function editMessage(
  context: Context,
  orphans: Orphans,
  ask: Ask,
  place: Place,
  before: StoredMessage,
  input: EditMessage,
): Promise<object> {
  const set = await changeOf(context, ask, place, before, input)
  const { id, channelId } = before
  const { hybrid } = context.runtime
  hybrid.observe(before.writeTimeMicros)
  let made = { id, writeTimeMicros: hybrid.next() }
  try {
    let edited = await context.ports.messages.edit({ ...made, channelId, set }, ask.deadline)
    // Another edit with a later write time was there first, perhaps by a process whose clock is
    // ahead. This one came after it.
    while (edited !== 'absent' && edited.writeTimeMicros > made.writeTimeMicros) {
      hybrid.observe(edited.writeTimeMicros)
      made = { id, writeTimeMicros: hybrid.next() }
      edited = await context.ports.messages.edit({ ...made, channelId, set }, ask.deadline)
    }
    if (edited !== 'absent') {
      const { event, body } = await tellOf(context, ask, place, edited)
      await orphans.publish(place, event, ask.deadline)
      return body
    }
  } catch (error) {
    const { me } = ask // and not the request with its body, which would stay as long
    const tried = made
    orphans.remember(place, updateId(tried), (deadline) =>
      ifMade(context, { me, deadline }, place, tried),
    )
    throw error
  }
  throw refuse.unknownMessage()
}

type Made = Pick<StoredMessage, 'id' | 'writeTimeMicros'>

/**
 * A later edit tells of itself, also one that comes while this is put together; what is found by
 * its words is the later one's then.
 */
async function ifMade(
  context: Context,
  by: Pick<Ask, 'me' | 'deadline'>,
  place: Place,
  made: Made,
): Promise<HubEvent | undefined> {
  const find = async (): Promise<StoredMessage | undefined> =>
    (await context.ports.messages.get(place.channel.id, [made.id], by.deadline))[0]
  const found = await find()
  if (found?.writeTimeMicros !== made.writeTimeMicros) return undefined
  const { event } = await tellOf(context, by, place, found)
  const now = await find()
  if (now?.writeTimeMicros === made.writeTimeMicros) return event
  if (now && place.kind === 'guild')
    await indexMessage(context, place, now, await repliedBy(context, now, by.deadline), by.deadline)
  return undefined
}

async function changeOf(
  context: Context,
  ask: Ask,
  place: Place,
  before: StoredMessage,
  input: EditMessage,
): Promise<MessageEdit['set']> {
  const content = input.content === undefined ? before.content : (input.content ?? '')
  const keeps = input.embeds === undefined && input.embed === undefined
  const embeds = keeps ? before.embeds : (input.embeds ?? (input.embed ? [input.embed] : []))
  if (content.length === 0 && !embeds?.length) throw refuse.emptyMessage()
  if (!keeps) checkEmbeds(place, embeds ?? [])
  return {
    ...(embeds ? { embeds } : {}),
    ...(input.flags == null
      ? {}
      : { flags: ((before.flags ?? 0) & ~SUPPRESS_EMBEDS) | (input.flags & SUPPRESS_EMBEDS) }),
    ...(input.content === undefined
      ? {}
      : await newText(context, ask, place, before, { ...input, content })),
    // Never before it was sent: its id may lie ahead of a clock that was set back.
    editedAt: Math.max(context.runtime.clock.now(), timeOf(before.id), before.editedAt ?? 0),
  }
}

/**
 * Other words mention others. Whom a reply mentions by answering them stays mentioned, unless the
 * edit leaves them out.
 */
async function newText(
  context: Context,
  ask: Ask,
  place: Place,
  before: StoredMessage,
  {
    content,
    allowed_mentions,
  }: { readonly content: string } & Pick<EditMessage, 'allowed_mentions'>,
): Promise<MessageEdit['set']> {
  const byWords = findMentions(before.content, undefined).users
  const byAnswer =
    before.reference && pingsReplied(allowed_mentions)
      ? (before.mentions ?? []).filter((id) => !byWords.includes(id))
      : []
  const { users, ...others } = await mentionsOf(context, ask, place, content, allowed_mentions)
  return {
    ...{ content, mentions: [], mentionRoles: [], mentionEveryone: false },
    ...contentMentions({ ...others, users: [...new Set([...users, ...byAnswer])] }),
  }
}

async function tellOf(
  context: Context,
  ask: Pick<Ask, 'me' | 'deadline'>,
  place: Place,
  edited: StoredMessage,
): Promise<{ event: HubEvent; body: object }> {
  const replied = await repliedBy(context, edited, ask.deadline)
  if (place.kind === 'guild') await indexMessage(context, place, edited, replied, ask.deadline)
  const [body] = await present(context, ask, place, [edited], { reactions: true, replied })
  // Their `me` is the editor's, and everybody is told the same: whoever hears of the edit keeps the
  // reactions they know.
  const { reactions: _, ...told } = body as { reactions?: unknown }
  return {
    event: await messageEvent(context, ask, place, edited, told, 'MESSAGE_UPDATE'),
    body: body!,
  }
}

async function repliedBy(
  context: Context,
  { channelId, reference }: StoredMessage,
  deadline: Deadline,
): Promise<StoredMessage | undefined> {
  return (
    reference && (await context.ports.messages.get(channelId, [reference.messageId], deadline))[0]
  )
}
