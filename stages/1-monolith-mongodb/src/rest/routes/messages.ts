import {
  compareIds,
  invalidField,
  messageInput,
  Permission,
  refuse,
  restInput,
  timeOf,
} from '@threshold/contract'
import { hasPermission, type StoredMessage } from '@threshold/domain'
import type { Anchor } from '@threshold/ports'
import type { Context, Place } from '../context.ts'
import { editMessage } from '../messages/edit.ts'
import type { Orphans } from '../messages/orphans.ts'
import { present } from '../messages/present.ts'
import { removeAndTell } from '../messages/remove.ts'
import { sendMessage } from '../messages/send.ts'
import { createSlowMode } from '../messages/slow-mode.ts'
import { type AddRoute, type Ask, checked } from '../route.ts'

/** Discord deletes in bulk only what is younger. */
const BULK_DELETE_MS = 14 * 86_400_000

export function messageRoutes(add: AddRoute, context: Context, orphans: Orphans): void {
  const { ports } = context
  const slowMode = createSlowMode(context)

  add('get', '/channels/:channel/messages', 'message.page', async (ask) => {
    const { limit, ...anchors } = checked(restInput.pageQuery, ask.query)
    const place = await context.place(
      ask.me,
      ask.params.channel!,
      Permission.ViewChannel,
      ask.deadline,
    )
    if (!mayRead(place)) return []
    const given = (['before', 'after', 'around'] as const).filter((at) => anchors[at] !== undefined)
    if (given.length > 1)
      throw invalidField(
        given[1]!,
        'MUTUALLY_EXCLUSIVE',
        'Only one of before, after and around may be given',
      )
    const at = given[0]
    const anchor: Anchor = at === undefined ? { at: 'latest' } : { at, id: anchors[at]! }
    return present(
      context,
      ask,
      place,
      await ports.messages.page(place.channel.id, anchor, limit, ask.deadline),
      { reactions: true },
    )
  })

  add('post', '/channels/:channel/messages', 'message.send', async (ask) => {
    const input = checked(messageInput.createMessage, ask.body ?? {})
    const place = await context.place(
      ask.me,
      ask.params.channel!,
      Permission.SendMessages,
      ask.deadline,
    )
    return sendMessage(context, { orphans, slowMode }, ask, place, input)
  })

  add('post', '/channels/:channel/messages/bulk-delete', 'message.bulk-delete', async (ask) => {
    const { messages } = checked(messageInput.bulkDelete, ask.body)
    const place = await context.place(
      ask.me,
      ask.params.channel!,
      Permission.ManageMessages,
      ask.deadline,
    )
    if (place.kind === 'dm') throw refuse.dmNotAllowed()
    const ids = [...new Set(messages)].sort(compareIds)
    if (ids.length < 2 || ids.length > 100) throw refuse.bulkDeleteCount()
    if (ids.some((id) => timeOf(id) < context.runtime.clock.now() - BULK_DELETE_MS))
      throw refuse.bulkDeleteTooOld()
    await removeAndTell(context, orphans, place, ids, 'in bulk', ask.deadline)
    return undefined
  })

  // Nothing can be pinned here, so this is true. JDA and discord.py ask the first, which else would
  // be a message's id.
  const nothingPinned = (path: string, none: object) =>
    add('get', path, 'message.pins', async (ask) => {
      await context.place(ask.me, ask.params.channel!, Permission.ViewChannel, ask.deadline)
      return none
    })
  nothingPinned('/channels/:channel/messages/pins', { items: [], has_more: false })
  nothingPinned('/channels/:channel/pins', [])

  add('get', '/channels/:channel/messages/:message', 'message.get', async (ask) => {
    const place = await context.place(
      ask.me,
      ask.params.channel!,
      Permission.ReadMessageHistory,
      ask.deadline,
    )
    return (await present(context, ask, place, [await find(ask, place)], { reactions: true }))[0]
  })

  add('patch', '/channels/:channel/messages/:message', 'message.edit', async (ask) => {
    const input = checked(messageInput.editMessage, ask.body ?? {})
    const place = await context.place(ask.me, ask.params.channel!, 0n, ask.deadline)
    const before = await find(ask, place)
    if (before.authorId !== ask.me) throw refuse.notYourMessage()
    return editMessage(context, orphans, ask, place, before, input)
  })

  add('delete', '/channels/:channel/messages/:message', 'message.delete', async (ask) => {
    const place = await context.place(ask.me, ask.params.channel!, 0n, ask.deadline)
    const message = await find(ask, place)
    if (
      message.authorId !== ask.me &&
      !(place.kind === 'guild' && hasPermission(place.permissions, Permission.ManageMessages))
    )
      throw refuse.missingPermissions()
    const gone = await removeAndTell(context, orphans, place, [message.id], 'each', ask.deadline)
    // Nothing: somebody else deleted it a moment before, and has said so.
    if (gone.length === 0) throw refuse.unknownMessage()
    return undefined
  })

  async function find(ask: Ask, place: Place): Promise<StoredMessage> {
    const [message] = await ports.messages.get(
      place.channel.id,
      [ask.params.message!],
      ask.deadline,
    )
    if (!message) throw refuse.unknownMessage()
    return message
  }
}

const mayRead = (place: Place): boolean =>
  place.kind === 'dm' || hasPermission(place.permissions, Permission.ReadMessageHistory)
