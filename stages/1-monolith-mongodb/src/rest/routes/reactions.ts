import { compareIds, Permission, refuse } from '@threshold/contract'
import { emojiToWire, hasPermission, memberToWire, userToWire } from '@threshold/domain'
import { restInput } from '../../input/index.ts'
import type { Context } from '../context.ts'
import { publishReactionEvent, publishReactionRemoved } from '../reactions/reaction-events.ts'
import {
  findTarget,
  otherSpellings,
  parseEmoji,
  type ReactionTarget,
  writeTimeAfter,
} from '../reactions/reaction-target.ts'
import { removeAllReactions, removeEmoji, removeReaction } from '../reactions/remove-reactions.ts'
import { type AddRoute, type ApiRequest, parseInput } from '../route.ts'

/** The value of `type` that asks for super reactions. This server has none. */
const SUPER_REACTIONS = 1

export function reactionRoutes(add: AddRoute, context: Context): void {
  const { ports } = context
  const path = '/channels/:channel/messages/:message/reactions'

  add('put', `${path}/:emoji/@me`, 'reaction.add', async (request) => {
    const emoji = parseEmoji(request)
    const target = await findTarget(context, request, Permission.ReadMessageHistory)
    const { access, message } = target
    if (!(await mayReact(request, target, emoji))) throw refuse.missingPermissions()
    const reaction = {
      v: 1,
      channelId: message.channelId,
      messageId: message.id,
      emoji,
      userId: request.userId,
      writeTimeMicros: writeTimeAfter(context, message),
    } as const
    const result = await ports.messages.react(reaction, request.deadline)
    if (result === 'absent') throw refuse.unknownMessage()
    if (result === 'full') throw refuse.tooManyReactions()
    if (result === 'added') {
      const fields = {
        user_id: request.userId,
        emoji: emojiToWire(emoji),
        burst: false,
        type: 0,
        message_author_id: message.authorId,
        ...(access.kind === 'guild' ? { member: memberToWire(access.member) } : {}),
      }
      await publishReactionEvent(context, target, 'MESSAGE_REACTION_ADD', fields, request.deadline)
    }
    return undefined
  })

  /** A member without the permission may still add to an emoji that the message has. */
  async function mayReact(
    request: ApiRequest,
    target: ReactionTarget,
    emoji: string,
  ): Promise<boolean> {
    const { access, message } = target
    if (access.kind === 'dm' || hasPermission(access.permissions, Permission.AddReactions))
      return true
    const page = { limit: 1 }
    const { id, channelId } = message
    const [first] = await ports.messages.reactors(channelId, id, emoji, page, request.deadline)
    if (first !== undefined) return true
    return (await otherSpellings(context, request, target, emoji)).length > 0
  }

  add('delete', `${path}/:emoji/@me`, 'reaction.remove', (request) =>
    remove(request, request.userId),
  )
  add('delete', `${path}/:emoji/:user`, 'reaction.remove-other', (request) =>
    remove(request, request.params.user!),
  )

  async function remove(request: ApiRequest, userId: string): Promise<undefined> {
    const emoji = parseEmoji(request)
    const target = await findTarget(context, request, Permission.ReadMessageHistory)
    const { access } = target
    const moderates =
      access.kind === 'guild' && hasPermission(access.permissions, Permission.ManageMessages)
    if (userId !== request.userId && !moderates) throw refuse.missingPermissions()
    const reaction = { emoji, userId }
    if (await removeReaction(context, request, target, reaction))
      await publishReactionRemoved(context, target, reaction, request.deadline)
    return undefined
  }

  add('delete', `${path}/:emoji`, 'reaction.clear', async (request) => {
    const emoji = parseEmoji(request)
    const target = await findModerated(request)
    await removeEmoji(context, request, target, emoji)
    await publishReactionEvent(
      context,
      target,
      'MESSAGE_REACTION_REMOVE_EMOJI',
      { emoji: emojiToWire(emoji) },
      request.deadline,
    )
    return undefined
  })

  add('delete', path, 'reaction.clear-all', async (request) => {
    const target = await findModerated(request)
    await removeAllReactions(context, request, target)
    const type = 'MESSAGE_REACTION_REMOVE_ALL'
    await publishReactionEvent(context, target, type, {}, request.deadline)
    return undefined
  })

  const findModerated = (request: ApiRequest): Promise<ReactionTarget> =>
    findTarget(context, request, Permission.ManageMessages, { guildOnly: true })

  add('get', `${path}/:emoji`, 'reaction.list', async (request) => {
    const emoji = parseEmoji(request)
    const { limit, after, type } = parseInput(restInput.reactionQuery, request.query)
    const target = await findTarget(context, request, Permission.ReadMessageHistory)
    if (type === SUPER_REACTIONS) return []
    const { id, channelId } = target.message
    const page = { limit, ...(after ? { after } : {}) }
    const spellings = [emoji, ...(await otherSpellings(context, request, target, emoji))]
    const found = await Promise.all(
      spellings.map((stored) =>
        ports.messages.reactors(channelId, id, stored, page, request.deadline),
      ),
    )
    const ids = [...new Set(found.flat())].toSorted(compareIds).slice(0, limit)
    const users = await context.users(ids, request.deadline)
    return ids.flatMap((userId) => users.get(userId) ?? []).map(userToWire)
  })
}
