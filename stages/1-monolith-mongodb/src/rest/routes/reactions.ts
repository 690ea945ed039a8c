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
import type { Context, Place } from '../context.ts'
import { publishTo } from '../messages/orphans.ts'
import { type AddRoute, type Ask, checked } from '../route.ts'

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

type Told = Pick<Ask, 'params' | 'deadline'>

/** What telling takes at the most, once a request's own time may be over. */
const TELL_MS = 2_000

export function reactionRoutes(add: AddRoute, context: Context): void {
  const { ports } = context
  const path = '/channels/:channel/messages/:message/reactions'

  add('put', `${path}/:emoji/@me`, 'reaction.add', async (ask) => {
    const emoji = emojiOf(ask)
    const place = await placeOf(ask)
    const { channel, message } = await target(ask, place)
    if (place.kind === 'guild' && !hasPermission(place.permissions, Permission.AddReactions)) {
      // Without the permission one may still join in what somebody else began.
      const first = await ports.messages.reactors(
        channel,
        message.id,
        emoji,
        { limit: 1 },
        ask.deadline,
      )
      if (
        first.length === 0 &&
        (await otherSpellings(ask, { channel, message }, emoji)).length === 0
      )
        throw refuse.missingPermissions()
    }
    const writeTimeMicros = laterThan(message)
    const result = await ports.messages.react(
      { v: 1, channelId: channel, messageId: message.id, emoji, userId: ask.me, writeTimeMicros },
      ask.deadline,
    )
    if (result === 'absent') throw refuse.unknownMessage()
    if (result === 'full') throw refuse.tooManyReactions()
    if (result === 'added') {
      const extra = {
        burst: false,
        type: 0,
        message_author_id: message.authorId,
        ...(place.kind === 'guild' ? { member: memberToWire(place.member) } : {}),
      }
      await tell(ask, place, 'MESSAGE_REACTION_ADD', {
        user_id: ask.me,
        emoji: emojiToWire(emoji),
        ...extra,
      })
    }
    return undefined
  })

  const takeBack = async (ask: Ask, user: string): Promise<undefined> => {
    const emoji = emojiOf(ask)
    const place = await placeOf(ask)
    const at = await target(ask, place)
    if (
      user !== ask.me &&
      !(place.kind === 'guild' && hasPermission(place.permissions, Permission.ManageMessages))
    )
      throw refuse.missingPermissions()
    if (await takeBackAny(ask, at, { emoji, user })) await tellRemoved(ask, place, { emoji, user })
    return undefined
  }
  async function takeBackAny(ask: Ask, at: Target, { emoji, user }: Reacted): Promise<boolean> {
    if (await takeBackOne(ask, at, { emoji, user })) return true
    for (const stored of await otherSpellings(ask, at, emoji))
      if (await takeBackOne(ask, at, { emoji: stored, user })) return true
    return false
  }
  /** Whether it was there. */
  async function takeBackOne(
    ask: Ask,
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
    return (await ports.messages.unreact(reaction, ask.deadline)) === 'removed'
  }
  const tellRemoved = (ask: Told, place: Place, { emoji, user }: Reacted): Promise<void> =>
    tell(ask, place, 'MESSAGE_REACTION_REMOVE', {
      user_id: user,
      emoji: emojiToWire(normalizeEmoji(emoji)),
      burst: false,
      type: 0,
    })

  add('delete', `${path}/:emoji/@me`, 'reaction.remove', (ask) => takeBack(ask, ask.me))
  add('delete', `${path}/:emoji/:user`, 'reaction.remove-other', (ask) =>
    takeBack(ask, ask.params.user!),
  )

  add('delete', `${path}/:emoji`, 'reaction.clear', async (ask) => {
    const emoji = emojiOf(ask)
    const place = await moderated(ask)
    const at = await target(ask, place)
    await clear(ask, place, at, async () => {
      const few = await some(ask, at, emoji)
      if (few.length > 0) return few
      const [stored] = await otherSpellings(ask, at, emoji)
      return stored === undefined ? [] : await some(ask, at, stored)
    })
    await tell(ask, place, 'MESSAGE_REACTION_REMOVE_EMOJI', { emoji: emojiToWire(emoji) })
    return undefined
  })

  add('delete', path, 'reaction.clear-all', async (ask) => {
    const place = await moderated(ask)
    const at = await target(ask, place)
    await clear(ask, place, at, async () => {
      const [first] =
        (await ports.messages.reactions(at.channel, [at.message.id], ask.me, ask.deadline)).get(
          at.message.id,
        ) ?? []
      return first ? await some(ask, at, first.emoji) : []
    })
    await tell(ask, place, 'MESSAGE_REACTION_REMOVE_ALL', {})
    return undefined
  })

  async function moderated(ask: Ask): Promise<Place> {
    const place = await context.place(
      ask.me,
      ask.params.channel!,
      Permission.ManageMessages,
      ask.deadline,
    )
    if (place.kind === 'dm') throw refuse.dmNotAllowed()
    return place
  }

  const some = async (ask: Ask, { channel, message }: Target, emoji: string): Promise<Reacted[]> =>
    (await ports.messages.reactors(channel, message.id, emoji, { limit: 100 }, ask.deadline)).map(
      (user) => ({ emoji, user }),
    )

  /**
   * Removes until there are no more; who asked tells of all together. Should it end half-way, what
   * went is told one by one.
   */
  async function clear(
    ask: Ask,
    place: Place,
    at: Target,
    next: () => Promise<Reacted[]>,
  ): Promise<void> {
    const gone: Reacted[] = []
    try {
      for (let few = await next(); few.length > 0; few = await next())
        for (const one of few) if (await takeBackOne(ask, at, one)) gone.push(one)
    } catch (error) {
      const by = { params: ask.params, deadline: deadlineAfter(TELL_MS, context.runtime.clock) }
      await Promise.allSettled(gone.map((one) => tellRemoved(by, place, one)))
      throw error
    }
  }

  /** Spellings of an emoji in which earlier versions stored reactions on a message. */
  async function otherSpellings(
    ask: Ask,
    { channel, message }: Target,
    emoji: string,
  ): Promise<string[]> {
    const counts =
      (await ports.messages.reactions(channel, [message.id], ask.me, ask.deadline)).get(
        message.id,
      ) ?? []
    return counts.flatMap(({ emoji: stored }) =>
      stored !== emoji && normalizeEmoji(stored) === emoji ? [stored] : [],
    )
  }

  add('get', `${path}/:emoji`, 'reaction.list', async (ask) => {
    const emoji = emojiOf(ask)
    const { limit, after, type } = checked(restInput.reactionQuery, ask.query)
    const at = await target(ask, await placeOf(ask))
    // 1 asks for super reactions, and there are none.
    if (type === 1) return []
    const page = { limit, ...(after ? { after } : {}) }
    const spellings = [emoji, ...(await otherSpellings(ask, at, emoji))]
    const found = await Promise.all(
      spellings.map((stored) =>
        ports.messages.reactors(at.channel, at.message.id, stored, page, ask.deadline),
      ),
    )
    const ids = [...new Set(found.flat())].toSorted(compareIds).slice(0, limit)
    const people = await context.people(ids, ask.deadline)
    return ids.flatMap((id) => people.get(id) ?? []).map(userToWire)
  })

  /** The message may have been written by a process whose clock is ahead. */
  function laterThan({ writeTimeMicros }: StoredMessage): bigint {
    context.runtime.hybrid.observe(writeTimeMicros)
    return context.runtime.hybrid.next()
  }

  const placeOf = (ask: Ask): Promise<Place> =>
    context.place(ask.me, ask.params.channel!, Permission.ReadMessageHistory, ask.deadline)

  async function target(ask: Ask, place: Place): Promise<Target> {
    const [message] = await ports.messages.get(
      place.channel.id,
      [ask.params.message!],
      ask.deadline,
    )
    if (!message) throw refuse.unknownMessage()
    return { channel: place.channel.id, message }
  }

  async function tell(ask: Told, place: Place, type: string, what: object): Promise<void> {
    const message_id = ask.params.message!
    const data = {
      channel_id: place.channel.id,
      message_id,
      ...(place.kind === 'guild' ? { guild_id: place.guildId } : {}),
      ...what,
    }
    const id = `${message_id}:${type}:${context.runtime.hybrid.next()}`
    await publishTo(
      context,
      place,
      { v: 1, id, type, data, channelId: place.channel.id },
      ask.deadline,
    )
  }
}

/** A custom emoji as `name:id`, a Unicode one fully qualified, however the client writes it. */
function emojiOf(ask: Ask): string {
  const given = ask.params.emoji!
  const emoji = CUSTOM.exec(given)?.[1] ?? qualifiedEmoji(given)
  if (given.length > 60 || emoji === undefined) throw refuse.unknownEmoji()
  return emoji
}
