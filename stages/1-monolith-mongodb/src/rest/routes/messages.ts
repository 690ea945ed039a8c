import { compareIds, invalidField, Permission, refuse, timeOf } from '@threshold/contract'
import { hasPermission, type StoredMessage } from '@threshold/domain'
import type { Anchor } from '@threshold/ports'
import { messageInput, restInput } from '../../input/index.ts'
import type { ChannelAccess, Context } from '../context.ts'
import { deleteMessages, findDeleted } from '../messages/delete-messages.ts'
import { editMessage, findEdited } from '../messages/edit-message.ts'
import { createEventPublisher } from '../messages/event-publisher.ts'
import { renderMessages } from '../messages/render-messages.ts'
import { findCreated, sendMessage } from '../messages/send-message.ts'
import { createSlowMode } from '../messages/slow-mode.ts'
import { type AddRoute, type ApiRequest, parseInput } from '../route.ts'

/** Discord deletes only younger messages in bulk. */
const BULK_DELETE_MAX_AGE_MS = 14 * 86_400_000

export function messageRoutes(add: AddRoute, context: Context): void {
  const { ports } = context
  const publisher = createEventPublisher(context, {
    created: findCreated(context),
    edited: findEdited(context),
    deleted: findDeleted(context),
  })
  const slowMode = createSlowMode(context)

  add('get', '/channels/:channel/messages', 'message.page', async (request) => {
    const { limit, ...anchors } = parseInput(restInput.pageQuery, request.query)
    const access = await context.authorizeChannel(request, Permission.ViewChannel)
    // Discord answers with an empty page, and not with an error.
    if (!hasChannelPermission(access, Permission.ReadMessageHistory)) return []
    const anchor = toAnchor(anchors)
    const page = await ports.messages.page(access.channel.id, anchor, limit, request.deadline)
    return renderMessages(context, request, access, page, { reactions: true })
  })

  add('post', '/channels/:channel/messages', 'message.send', async (request) => {
    const input = parseInput(messageInput.createMessage, request.body ?? {})
    const access = await context.authorizeChannel(request, Permission.SendMessages)
    return sendMessage(context, { publisher, slowMode }, request, access, input)
  })

  add('post', '/channels/:channel/messages/bulk-delete', 'message.bulk-delete', async (request) => {
    const { messages } = parseInput(messageInput.bulkDelete, request.body)
    const access = await context.authorizeChannel(request, Permission.ManageMessages)
    if (access.kind === 'dm') throw refuse.dmNotAllowed()
    const ids = [...new Set(messages)].sort(compareIds)
    if (ids.length < 2 || ids.length > 100) throw refuse.bulkDeleteCount()
    const oldest = context.runtime.clock.now() - BULK_DELETE_MAX_AGE_MS
    if (ids.some((id) => timeOf(id) < oldest)) throw refuse.bulkDeleteTooOld()
    await deleteMessages(context, publisher, request, access, ids, 'bulk')
    return undefined
  })

  // Messages cannot be pinned, so the lists are empty. JDA and discord.py use the first path, which
  // would otherwise match the route of a single message below.
  const noPins = (path: string, empty: object) =>
    add('get', path, 'message.pins', async (request) => {
      await context.authorizeChannel(request, Permission.ViewChannel)
      return empty
    })
  noPins('/channels/:channel/messages/pins', { items: [], has_more: false })
  noPins('/channels/:channel/pins', [])

  add('get', '/channels/:channel/messages/:message', 'message.get', async (request) => {
    const access = await context.authorizeChannel(request, Permission.ReadMessageHistory)
    const message = await findMessage(request, access)
    const [body] = await renderMessages(context, request, access, [message], { reactions: true })
    return body
  })

  add('patch', '/channels/:channel/messages/:message', 'message.edit', async (request) => {
    const input = parseInput(messageInput.editMessage, request.body ?? {})
    const access = await context.authorizeChannel(request, 0n)
    const before = await findMessage(request, access)
    if (before.authorId !== request.userId) throw refuse.notYourMessage()
    return editMessage(context, publisher, request, access, before, input)
  })

  add('delete', '/channels/:channel/messages/:message', 'message.delete', async (request) => {
    const access = await context.authorizeChannel(request, 0n)
    const { id, authorId } = await findMessage(request, access)
    const moderates =
      access.kind === 'guild' && hasPermission(access.permissions, Permission.ManageMessages)
    if (authorId !== request.userId && !moderates) throw refuse.missingPermissions()
    const deleted = await deleteMessages(context, publisher, request, access, [id], 'each')
    // Another request deleted it since it was read, and publishes that.
    if (deleted.length === 0) throw refuse.unknownMessage()
    return undefined
  })

  async function findMessage(
    { params, deadline }: ApiRequest,
    { channel }: ChannelAccess,
  ): Promise<StoredMessage> {
    const [message] = await ports.messages.get(channel.id, [params.message!], deadline)
    if (!message) throw refuse.unknownMessage()
    return message
  }
}

function toAnchor(ids: Partial<Record<'before' | 'after' | 'around', string | undefined>>): Anchor {
  const given = (['before', 'after', 'around'] as const).filter((at) => ids[at] !== undefined)
  if (given.length > 1)
    throw invalidField(
      given[1]!,
      'MUTUALLY_EXCLUSIVE',
      'Only one of before, after and around may be given',
    )
  const [at] = given
  return at === undefined ? { at: 'latest' } : { at, id: ids[at]! }
}

const hasChannelPermission = (access: ChannelAccess, permission: bigint): boolean =>
  access.kind === 'dm' || hasPermission(access.permissions, permission)
