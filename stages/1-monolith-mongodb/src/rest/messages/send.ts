import {
  type CreateMessage,
  invalidField,
  type MessageId,
  Permission,
  refuse,
} from '@threshold/contract'
import { findMentions, hasPermission, type Mentions, type StoredMessage } from '@threshold/domain'
import type { DedupeKey, HubEvent, Notification } from '@threshold/ports'
import type { Context, Place } from '../context.ts'
import type { Ask } from '../route.ts'
import { indexMessage } from './index-message.ts'
import type { Orphans } from './orphans.ts'
import { messageEvent, present } from './present.ts'
import type { SlowMode } from './slow-mode.ts'

/**
 * A message's way: search entry and push first, then the message, then the event. Whoever is
 * answered 200 has a message that is stored, findable, pushed and told. A failure before the store
 * leaves an index entry and a push for a message that never was, which their readers drop; a
 * failure from the store on may leave an orphan, which the retry or the reconciler publishes.
 */
export async function sendMessage(
  context: Context,
  tools: { readonly orphans: Orphans; readonly slowMode: SlowMode },
  ask: Ask,
  place: Place,
  input: CreateMessage,
): Promise<object> {
  checkPlace(place)
  const { draft, replied } = await draftOf(context, ask, place, input)
  const dedupe = dedupeOf(ask, draft, input)
  const release = await tools.slowMode.admit(ask, place, dedupe?.nonce)
  try {
    return await store(context, tools.orphans, ask, place, { draft, replied }, dedupe)
  } catch (error) {
    release()
    throw error
  }
}

/** A message to be stored, and the message that it replies to. */
interface Draft {
  readonly draft: StoredMessage
  readonly replied: StoredMessage | undefined
}

async function store(
  context: Context,
  orphans: Orphans,
  ask: Ask,
  place: Place,
  { draft, replied }: Draft,
  dedupe: DedupeKey | undefined,
): Promise<object> {
  const { ports } = context
  await Promise.all([
    place.kind === 'guild' ? indexMessage(context, place, draft, replied, ask.deadline) : undefined,
    notify(context, ask, place, draft),
  ])
  let { id } = draft
  try {
    const { outcome, message: kept } = await ports.messages.insert(draft, ask.deadline, dedupe)
    if (outcome === 'taken')
      return await storeUnderNewId(context, orphans, ask, place, { draft, replied }, dedupe)
    id = kept.id
    if (id !== draft.id) {
      // A retry: what was written ahead for the new id belongs to nobody. The push is dropped by
      // its worker; the first try's own, which was written ahead as well, waits for this message.
      ports.search.remove([draft.id], ask.deadline).catch(() => {})
    }
    // A retry may come after the message was deleted, and is answered as if it had come before. No
    // session hears of it.
    const [message] =
      outcome === 'inserted' ? [kept] : await ports.messages.get(kept.channelId, [id], ask.deadline)
    const body = await present(context, ask, place, [message ?? kept], { replied })
    if (!message) return body[0]!
    await orphans.publish(
      place,
      await messageEvent(context, ask, place, message, body[0]!, 'MESSAGE_CREATE'),
      ask.deadline,
    )
    if (outcome === 'inserted') ports.analytics.record(message)
    return body[0]!
  } catch (error) {
    // It may be stored, whatever failed: an insert that timed out goes on.
    const { me } = ask // and not the request with its body, which would stay as long
    orphans.remember(place, id, (deadline) => ifStored(context, place, id, { me, deadline }))
    throw error
  }
}

/**
 * Another message has the draft's id. Time is reserved before ids are made in it, so this means
 * that ids were made past the reservations. The send must not be lost all the same. Its deadline
 * bounds the tries.
 */
async function storeUnderNewId(
  context: Context,
  orphans: Orphans,
  ask: Ask,
  place: Place,
  { draft, replied }: Draft,
  dedupe: DedupeKey | undefined,
): Promise<object> {
  const { hybrid, log } = context.runtime
  log.error(
    { id: draft.id },
    'an id was made twice: does something else make ids with the same THRESHOLD_WORKER?',
  )
  const again = { ...draft, id: context.tools.newId(), writeTimeMicros: hybrid.next() }
  return await store(context, orphans, ask, place, { draft: again, replied }, dedupe)
}

async function ifStored(
  context: Context,
  place: Place,
  id: MessageId,
  by: Pick<Ask, 'me' | 'deadline'>,
): Promise<HubEvent | undefined> {
  const [message] = await context.ports.messages.get(place.channel.id, [id], by.deadline)
  if (!message) return undefined
  const [body] = await present(context, by, place, [message])
  return messageEvent(context, by, place, message, body!, 'MESSAGE_CREATE')
}

function checkPlace(place: Place): void {
  if (place.channel.type === 4) throw refuse.notTextChannel()
}

/** Discord refuses the message, and leaves no embed out of one. */
export function checkEmbeds(place: Place, embeds: readonly object[]): void {
  if (
    embeds.length > 0 &&
    place.kind === 'guild' &&
    !hasPermission(place.permissions, Permission.EmbedLinks)
  )
    throw refuse.missingPermissions()
}

function dedupeOf(ask: Ask, message: StoredMessage, input: CreateMessage): DedupeKey | undefined {
  if (!input.enforce_nonce || input.nonce == null) return undefined
  return { authorId: ask.me, channelId: message.channelId, nonce: String(input.nonce) }
}

async function draftOf(
  context: Context,
  ask: Ask,
  place: Place,
  input: CreateMessage,
): Promise<Draft> {
  const content = input.content ?? ''
  const embeds = input.embeds ?? (input.embed ? [input.embed] : [])
  if (content.length === 0 && embeds.length === 0) throw refuse.emptyMessage()
  checkEmbeds(place, embeds)
  const tts =
    input.tts === true &&
    (place.kind === 'dm' || hasPermission(place.permissions, Permission.SendTTSMessages))
  const replied = await repliedTo(context, ask, place, input)
  const mentions = await mentionsOf(context, ask, place, content, input.allowed_mentions)
  const pinged = replied && pingsReplied(input.allowed_mentions) ? [replied.authorId] : []
  const draft: StoredMessage = {
    v: 1,
    id: context.tools.newId(),
    channelId: place.channel.id,
    authorId: ask.me,
    content,
    writeTimeMicros: context.runtime.hybrid.next(),
    type: replied ? 19 : 0,
    ...(tts ? { tts } : {}),
    ...(input.nonce == null ? {} : { nonce: input.nonce }),
    // SUPPRESS_EMBEDS and SUPPRESS_NOTIFICATIONS are the flags a sender may set.
    ...(input.flags ? { flags: input.flags & ((1 << 2) | (1 << 12)) } : {}),
    ...(embeds.length > 0 ? { embeds } : {}),
    ...contentMentions({ ...mentions, users: [...new Set([...mentions.users, ...pinged])] }),
    ...(replied ? { reference: { messageId: replied.id, channelId: replied.channelId } } : {}),
  }
  return { draft, replied }
}

/** An explicit allowed_mentions without replied_user means no ping. */
export const pingsReplied = (allowed: CreateMessage['allowed_mentions']): boolean =>
  allowed == null || allowed.replied_user === true

export const contentMentions = (
  mentions: Mentions,
): Pick<StoredMessage, 'mentions' | 'mentionRoles' | 'mentionEveryone'> => ({
  ...(mentions.users.length > 0 ? { mentions: mentions.users } : {}),
  ...(mentions.roles.length > 0 ? { mentionRoles: mentions.roles } : {}),
  ...(mentions.everyone ? { mentionEveryone: true } : {}),
})

async function repliedTo(
  context: Context,
  ask: Ask,
  place: Place,
  input: CreateMessage,
): Promise<StoredMessage | undefined> {
  const reference = input.message_reference
  if (!reference) return undefined
  if (place.kind === 'guild' && !hasPermission(place.permissions, Permission.ReadMessageHistory))
    throw refuse.missingPermissions()
  const elsewhere = reference.channel_id != null && reference.channel_id !== place.channel.id
  const [found] = elsewhere
    ? []
    : await context.ports.messages.get(place.channel.id, [reference.message_id], ask.deadline)
  if (!found && reference.fail_if_not_exists !== false)
    throw invalidField('message_reference', 'REPLIES_UNKNOWN_MESSAGE', 'Unknown message')
  return found
}

/** The people, roles and everyone that a text may ping, of those that exist. */
export async function mentionsOf(
  context: Context,
  ask: Ask,
  place: Place,
  content: string,
  allowed: CreateMessage['allowed_mentions'],
): Promise<Mentions> {
  const found = findMentions(content, allowed)
  const users =
    found.users.length === 0 ? [] : [...(await context.people(found.users, ask.deadline)).keys()]
  if (place.kind === 'dm') return { users, roles: [], everyone: false }
  const mayAll = hasPermission(place.permissions, Permission.MentionEveryone)
  if (found.roles.length === 0) return { users, roles: [], everyone: found.everyone && mayAll }
  const view = await context.ports.hub.view(place.guildId, ask.me, ask.deadline)
  const roles = (view?.roles ?? [])
    .filter((role) => found.roles.includes(role.id) && (mayAll || role.mentionable))
    .map((role) => role.id)
  return { users, roles, everyone: found.everyone && mayAll }
}

/**
 * Pushes go to whom a message names, or to the other side of a direct message; never to who cannot
 * see it.
 */
async function notify(
  context: Context,
  ask: Ask,
  place: Place,
  message: StoredMessage,
): Promise<void> {
  const named = (place.kind === 'dm' ? place.recipients : (message.mentions ?? [])).filter(
    (id) => id !== ask.me,
  )
  const seeing = place.kind === 'dm' ? named : await whoSees(context, ask, place, named)
  if (seeing.length === 0) return
  const author = await context.self(ask.me, ask.deadline)
  const notification: Notification = {
    v: 1,
    id: message.id,
    channelId: message.channelId,
    ...(place.kind === 'guild' ? { guildId: place.guildId } : {}),
    reason: place.kind === 'dm' ? 'dm' : 'mention',
    recipients: seeing,
    author: { id: author.id, username: author.username },
    content: message.content,
  }
  await context.ports.notifier.enqueue(notification, ask.deadline)
}

async function whoSees(
  context: Context,
  ask: Ask,
  place: Extract<Place, { kind: 'guild' }>,
  users: readonly string[],
): Promise<string[]> {
  const sees = await Promise.all(
    users.map(async (id) => {
      const access = await context.ports.hub.access(
        place.guildId,
        id,
        place.channel.id,
        ask.deadline,
      )
      return access.kind === 'member' && hasPermission(access.permissions, Permission.ViewChannel)
    }),
  )
  return users.filter((_, i) => sees[i])
}
