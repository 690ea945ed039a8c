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
import type { ChannelAccess, Context } from '../context.ts'
import { deleteMessages } from '../messages/delete-messages.ts'
import { editMessage } from '../messages/edit-message.ts'
import type { EventPublisher } from '../messages/event-publisher.ts'
import { renderMessages } from '../messages/render-messages.ts'
import { sendMessage } from '../messages/send-message.ts'
import { createSlowMode } from '../messages/slow-mode.ts'
import { type AddRoute, type ApiRequest, parseInput } from '../route.ts'

/** Discord deletes in bulk only what is younger. */
const BULK_DELETE_MS = 14 * 86_400_000

export function messageRoutes(add: AddRoute, context: Context, publisher: EventPublisher): void {
  const { ports } = context
  const slowMode = createSlowMode(context)

  add('get', '/channels/:channel/messages', 'message.page', async (request) => {
    const { limit, ...anchors } = parseInput(restInput.pageQuery, request.query)
    const access = await context.authorizeChannel(
      request.userId,
      request.params.channel!,
      Permission.ViewChannel,
      request.deadline,
    )
    if (!mayRead(access)) return []
    const given = (['before', 'after', 'around'] as const).filter((at) => anchors[at] !== undefined)
    if (given.length > 1)
      throw invalidField(
        given[1]!,
        'MUTUALLY_EXCLUSIVE',
        'Only one of before, after and around may be given',
      )
    const at = given[0]
    const anchor: Anchor = at === undefined ? { at: 'latest' } : { at, id: anchors[at]! }
    return renderMessages(
      context,
      request,
      access,
      await ports.messages.page(access.channel.id, anchor, limit, request.deadline),
      { reactions: true },
    )
  })

  add('post', '/channels/:channel/messages', 'message.send', async (request) => {
    const input = parseInput(messageInput.createMessage, request.body ?? {})
    const access = await context.authorizeChannel(
      request.userId,
      request.params.channel!,
      Permission.SendMessages,
      request.deadline,
    )
    return sendMessage(context, { publisher, slowMode }, request, access, input)
  })

  add('post', '/channels/:channel/messages/bulk-delete', 'message.bulk-delete', async (request) => {
    const { messages } = parseInput(messageInput.bulkDelete, request.body)
    const access = await context.authorizeChannel(
      request.userId,
      request.params.channel!,
      Permission.ManageMessages,
      request.deadline,
    )
    if (access.kind === 'dm') throw refuse.dmNotAllowed()
    const ids = [...new Set(messages)].sort(compareIds)
    if (ids.length < 2 || ids.length > 100) throw refuse.bulkDeleteCount()
    if (ids.some((id) => timeOf(id) < context.runtime.clock.now() - BULK_DELETE_MS))
      throw refuse.bulkDeleteTooOld()
    await deleteMessages(context, publisher, access, ids, 'bulk', request.deadline)
    return undefined
  })

  // Nothing can be pinned here, so this is true. JDA and discord.py ask the first, which else would
  // be a message's id.
  const nothingPinned = (path: string, none: object) =>
    add('get', path, 'message.pins', async (request) => {
      await context.authorizeChannel(
        request.userId,
        request.params.channel!,
        Permission.ViewChannel,
        request.deadline,
      )
      return none
    })
  nothingPinned('/channels/:channel/messages/pins', { items: [], has_more: false })
  nothingPinned('/channels/:channel/pins', [])

  add('get', '/channels/:channel/messages/:message', 'message.get', async (request) => {
    const access = await context.authorizeChannel(
      request.userId,
      request.params.channel!,
      Permission.ReadMessageHistory,
      request.deadline,
    )
    return (
      await renderMessages(context, request, access, [await find(request, access)], {
        reactions: true,
      })
    )[0]
  })

  add('patch', '/channels/:channel/messages/:message', 'message.edit', async (request) => {
    const input = parseInput(messageInput.editMessage, request.body ?? {})
    const access = await context.authorizeChannel(
      request.userId,
      request.params.channel!,
      0n,
      request.deadline,
    )
    const before = await find(request, access)
    if (before.authorId !== request.userId) throw refuse.notYourMessage()
    return editMessage(context, publisher, request, access, before, input)
  })

  add('delete', '/channels/:channel/messages/:message', 'message.delete', async (request) => {
    const access = await context.authorizeChannel(
      request.userId,
      request.params.channel!,
      0n,
      request.deadline,
    )
    const message = await find(request, access)
    if (
      message.authorId !== request.userId &&
      !(access.kind === 'guild' && hasPermission(access.permissions, Permission.ManageMessages))
    )
      throw refuse.missingPermissions()
    const gone = await deleteMessages(
      context,
      publisher,
      access,
      [message.id],
      'each',
      request.deadline,
    )
    // Nothing: somebody else deleted it a moment before, and has said so.
    if (gone.length === 0) throw refuse.unknownMessage()
    return undefined
  })

  async function find(request: ApiRequest, access: ChannelAccess): Promise<StoredMessage> {
    const [message] = await ports.messages.get(
      access.channel.id,
      [request.params.message!],
      request.deadline,
    )
    if (!message) throw refuse.unknownMessage()
    return message
  }
}

const mayRead = (access: ChannelAccess): boolean =>
  access.kind === 'dm' || hasPermission(access.permissions, Permission.ReadMessageHistory)
