import { compareIds, Permission, refuse, restInput } from '@threshold/contract'
import {
  emojiToWire,
  hasPermission,
  memberToWire,
  normalizeEmoji,
  qualifiedEmoji,
  type StoredMessage,
  userToWire,
} from '@threshold/domain'
import { deadlineAfter } from '@threshold/kit'
import type { ChannelAccess, Context } from '../context.ts'
import { publishToChannel } from '../messages/event-publisher.ts'
import { type AddRoute, type ApiRequest, parseInput } from '../route.ts'

/** discord.py and its kin send `<a:name:id>` without its brackets alone. */
const CUSTOM = /^(?:a?:)?(\w{1,32}:[0-9]{1,19})$/
interface Target {
  readonly channel: string
  readonly message: StoredMessage
}

interface Reacted {
  readonly emoji: string
  readonly user: string
}

type Told = Pick<ApiRequest, 'params' | 'deadline'>

/** What telling takes at the most, once a request's own time may be over. */
const TELL_MS = 2_000

export function reactionRoutes(add: AddRoute, context: Context): void {
  const { ports } = context
  const path = '/channels/:channel/messages/:message/reactions'

  add('put', `${path}/:emoji/@me`, 'reaction.add', async (request) => {
    const emoji = emojiOf(request)
    const access = await placeOf(request)
    const { channel, message } = await target(request, access)
    if (access.kind === 'guild' && !hasPermission(access.permissions, Permission.AddReactions)) {
      // Without the permission one may still join in what somebody else began.
      const first = await ports.messages.reactors(
        channel,
        message.id,
        emoji,
        { limit: 1 },
        request.deadline,
      )
      if (
        first.length === 0 &&
        (await otherSpellings(request, { channel, message }, emoji)).length === 0
      )
        throw refuse.missingPermissions()
    }
    const writeTimeMicros = laterThan(message)
    const result = await ports.messages.react(
      {
        v: 1,
        channelId: channel,
        messageId: message.id,
        emoji,
        userId: request.userId,
        writeTimeMicros,
      },
      request.deadline,
    )
    if (result === 'absent') throw refuse.unknownMessage()
    if (result === 'full') throw refuse.tooManyReactions()
    if (result === 'added') {
      const extra = {
        burst: false,
        type: 0,
        message_author_id: message.authorId,
        ...(access.kind === 'guild' ? { member: memberToWire(access.member) } : {}),
      }
      await tell(request, access, 'MESSAGE_REACTION_ADD', {
        user_id: request.userId,
        emoji: emojiToWire(emoji),
        ...extra,
      })
    }
    return undefined
  })

  const takeBack = async (request: ApiRequest, user: string): Promise<undefined> => {
    const emoji = emojiOf(request)
    const access = await placeOf(request)
    const at = await target(request, access)
    if (
      user !== request.userId &&
      !(access.kind === 'guild' && hasPermission(access.permissions, Permission.ManageMessages))
    )
      throw refuse.missingPermissions()
    if (await takeBackAny(request, at, { emoji, user }))
      await tellRemoved(request, access, { emoji, user })
    return undefined
  }
  async function takeBackAny(
    request: ApiRequest,
    at: Target,
    { emoji, user }: Reacted,
  ): Promise<boolean> {
    if (await takeBackOne(request, at, { emoji, user })) return true
    for (const stored of await otherSpellings(request, at, emoji))
      if (await takeBackOne(request, at, { emoji: stored, user })) return true
    return false
  }
  /** Whether it was there. */
  async function takeBackOne(
    request: ApiRequest,
    { channel, message }: Target,
    { emoji, user }: Reacted,
  ): Promise<boolean> {
    const writeTimeMicros = laterThan(message)
    const reaction = {
      v: 1 as const,
      channelId: channel,
      messageId: message.id,
      emoji,
      userId: user,
      writeTimeMicros,
    }
    return (await ports.messages.unreact(reaction, request.deadline)) === 'removed'
  }
  const tellRemoved = (
    request: Told,
    access: ChannelAccess,
    { emoji, user }: Reacted,
  ): Promise<void> =>
    tell(request, access, 'MESSAGE_REACTION_REMOVE', {
      user_id: user,
      emoji: emojiToWire(normalizeEmoji(emoji)),
      burst: false,
      type: 0,
    })

  add('delete', `${path}/:emoji/@me`, 'reaction.remove', (request) =>
    takeBack(request, request.userId),
  )
  add('delete', `${path}/:emoji/:user`, 'reaction.remove-other', (request) =>
    takeBack(request, request.params.user!),
  )

  add('delete', `${path}/:emoji`, 'reaction.clear', async (request) => {
    const emoji = emojiOf(request)
    const access = await moderated(request)
    const at = await target(request, access)
    await clear(request, access, at, async () => {
      const few = await some(request, at, emoji)
      if (few.length > 0) return few
      const [stored] = await otherSpellings(request, at, emoji)
      return stored === undefined ? [] : await some(request, at, stored)
    })
    await tell(request, access, 'MESSAGE_REACTION_REMOVE_EMOJI', { emoji: emojiToWire(emoji) })
    return undefined
  })

  add('delete', path, 'reaction.clear-all', async (request) => {
    const access = await moderated(request)
    const at = await target(request, access)
    await clear(request, access, at, async () => {
      const [first] =
        (
          await ports.messages.reactions(
            at.channel,
            [at.message.id],
            request.userId,
            request.deadline,
          )
        ).get(at.message.id) ?? []
      return first ? await some(request, at, first.emoji) : []
    })
    await tell(request, access, 'MESSAGE_REACTION_REMOVE_ALL', {})
    return undefined
  })

  async function moderated(request: ApiRequest): Promise<ChannelAccess> {
    const access = await context.authorizeChannel(
      request.userId,
      request.params.channel!,
      Permission.ManageMessages,
      request.deadline,
    )
    if (access.kind === 'dm') throw refuse.dmNotAllowed()
    return access
  }

  const some = async (
    request: ApiRequest,
    { channel, message }: Target,
    emoji: string,
  ): Promise<Reacted[]> =>
    (
      await ports.messages.reactors(channel, message.id, emoji, { limit: 100 }, request.deadline)
    ).map((user) => ({ emoji, user }))

  /**
   * Removes until there are no more; who asked tells of all together. Should it end half-way, what
   * went is told one by one.
   */
  async function clear(
    request: ApiRequest,
    access: ChannelAccess,
    at: Target,
    next: () => Promise<Reacted[]>,
  ): Promise<void> {
    const gone: Reacted[] = []
    try {
      for (let few = await next(); few.length > 0; few = await next())
        for (const one of few) if (await takeBackOne(request, at, one)) gone.push(one)
    } catch (error) {
      const by = { params: request.params, deadline: deadlineAfter(TELL_MS, context.runtime.clock) }
      await Promise.allSettled(gone.map((one) => tellRemoved(by, access, one)))
      throw error
    }
  }

  /** Spellings of an emoji in which earlier versions stored reactions on a message. */
  async function otherSpellings(
    request: ApiRequest,
    { channel, message }: Target,
    emoji: string,
  ): Promise<string[]> {
    const counts =
      (await ports.messages.reactions(channel, [message.id], request.userId, request.deadline)).get(
        message.id,
      ) ?? []
    return counts.flatMap(({ emoji: stored }) =>
      stored !== emoji && normalizeEmoji(stored) === emoji ? [stored] : [],
    )
  }

  add('get', `${path}/:emoji`, 'reaction.list', async (request) => {
    const emoji = emojiOf(request)
    const { limit, after, type } = parseInput(restInput.reactionQuery, request.query)
    const at = await target(request, await placeOf(request))
    // 1 asks for super reactions, and there are none.
    if (type === 1) return []
    const page = { limit, ...(after ? { after } : {}) }
    const spellings = [emoji, ...(await otherSpellings(request, at, emoji))]
    const found = await Promise.all(
      spellings.map((stored) =>
        ports.messages.reactors(at.channel, at.message.id, stored, page, request.deadline),
      ),
    )
    const ids = [...new Set(found.flat())].toSorted(compareIds).slice(0, limit)
    const people = await context.users(ids, request.deadline)
    return ids.flatMap((id) => people.get(id) ?? []).map(userToWire)
  })

  /** The message may have been written by a process whose clock is ahead. */
  function laterThan({ writeTimeMicros }: StoredMessage): bigint {
    context.runtime.hybrid.observe(writeTimeMicros)
    return context.runtime.hybrid.next()
  }

  const placeOf = (request: ApiRequest): Promise<ChannelAccess> =>
    context.authorizeChannel(
      request.userId,
      request.params.channel!,
      Permission.ReadMessageHistory,
      request.deadline,
    )

  async function target(request: ApiRequest, access: ChannelAccess): Promise<Target> {
    const [message] = await ports.messages.get(
      access.channel.id,
      [request.params.message!],
      request.deadline,
    )
    if (!message) throw refuse.unknownMessage()
    return { channel: access.channel.id, message }
  }

  async function tell(
    request: Told,
    access: ChannelAccess,
    type: string,
    what: object,
  ): Promise<void> {
    const message_id = request.params.message!
    const data = {
      channel_id: access.channel.id,
      message_id,
      ...(access.kind === 'guild' ? { guild_id: access.guildId } : {}),
      ...what,
    }
    const id = `${message_id}:${type}:${context.runtime.hybrid.next()}`
    await publishToChannel(
      context,
      access,
      { v: 1, id, type, data, channelId: access.channel.id },
      request.deadline,
    )
  }
}

/** A custom emoji as `name:id`, a Unicode one fully qualified, however the client writes it. */
function emojiOf(request: ApiRequest): string {
  const given = request.params.emoji!
  const emoji = CUSTOM.exec(given)?.[1] ?? qualifiedEmoji(given)
  if (given.length > 60 || emoji === undefined) throw refuse.unknownEmoji()
  return emoji
}
