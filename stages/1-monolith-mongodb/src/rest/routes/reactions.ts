import { Permission, refuse, restInput } from '@threshold/contract'
import { emojiToWire, has, memberToWire, type StoredMessage, userToWire } from '@threshold/domain'
import type { Context, Place } from '../context.ts'
import { publishTo } from '../messages/orphans.ts'
import { type AddRoute, type Ask, checked } from '../route.ts'

/** discord.py and its kin send `<a:name:id>` without its brackets alone. */
const CUSTOM = /^(?:a?:)?(\w{1,32}:[0-9]{1,19})$/
const UNICODE =
  /^(?:\p{Extended_Pictographic}|\p{Regional_Indicator}|[0-9#*]\uFE0F?\u20E3)(?:[\p{Extended_Pictographic}\p{Regional_Indicator}\p{Emoji_Modifier}\u{E0020}-\u{E007F}]|\u200D|\uFE0F|\u20E3)*$/u

interface Target {
  readonly channel: string
  readonly message: StoredMessage
}

export function reactionRoutes(add: AddRoute, context: Context): void {
  const { ports } = context
  const path = '/channels/:channel/messages/:message/reactions'

  add('put', `${path}/:emoji/@me`, 'reaction.add', async (ask) => {
    const emoji = emojiOf(ask)
    const place = await placeOf(ask)
    const { channel, message } = await target(ask, place)
    if (place.kind === 'guild' && !has(place.permissions, Permission.AddReactions)) {
      // Without the permission one may still join in what somebody else began.
      const first = await ports.messages.reactors(channel, message.id, emoji, { limit: 1 }, ask.deadline)
      if (first.length === 0) throw refuse.missingPermissions()
    }
    const writeTimeMicros = context.runtime.hybrid.next()
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
      await tell(ask, place, 'MESSAGE_REACTION_ADD', { user_id: ask.me, emoji: emojiToWire(emoji), ...extra })
    }
    return undefined
  })

  const takeBack = async (ask: Ask, user: string): Promise<undefined> => {
    const emoji = emojiOf(ask)
    const place = await placeOf(ask)
    const at = await target(ask, place)
    if (user !== ask.me && !(place.kind === 'guild' && has(place.permissions, Permission.ManageMessages))) throw refuse.missingPermissions()
    if (await takeBackOne(ask, at, emoji, user))
      await tell(ask, place, 'MESSAGE_REACTION_REMOVE', { user_id: user, emoji: emojiToWire(emoji), burst: false, type: 0 })
    return undefined
  }
  /** Whether it was there. */
  async function takeBackOne(ask: Ask, { channel, message }: Target, emoji: string, userId: string): Promise<boolean> {
    const writeTimeMicros = context.runtime.hybrid.next()
    const reaction = { v: 1 as const, channelId: channel, messageId: message.id, emoji, userId, writeTimeMicros }
    return (await ports.messages.unreact(reaction, ask.deadline)) === 'removed'
  }

  add('delete', `${path}/:emoji/@me`, 'reaction.remove', (ask) => takeBack(ask, ask.me))
  add('delete', `${path}/:emoji/:user`, 'reaction.remove-other', (ask) => takeBack(ask, ask.params.user!))

  add('delete', `${path}/:emoji`, 'reaction.clear', async (ask) => {
    const emoji = emojiOf(ask)
    const place = await moderated(ask)
    await clear(ask, await target(ask, place), emoji)
    await tell(ask, place, 'MESSAGE_REACTION_REMOVE_EMOJI', { emoji: emojiToWire(emoji) })
    return undefined
  })

  add('delete', path, 'reaction.clear-all', async (ask) => {
    const place = await moderated(ask)
    const at = await target(ask, place)
    const counts = await ports.messages.reactions(at.channel, [at.message.id], ask.me, ask.deadline)
    for (const { emoji } of counts.get(at.message.id) ?? []) await clear(ask, at, emoji)
    await tell(ask, place, 'MESSAGE_REACTION_REMOVE_ALL', {})
    return undefined
  })

  async function moderated(ask: Ask): Promise<Place> {
    const place = await context.place(ask.me, ask.params.channel!, Permission.ManageMessages, ask.deadline)
    if (place.kind === 'dm') throw refuse.dmNotAllowed()
    return place
  }

  async function clear(ask: Ask, at: Target, emoji: string): Promise<void> {
    for (;;) {
      const users = await ports.messages.reactors(at.channel, at.message.id, emoji, { limit: 100 }, ask.deadline)
      if (users.length === 0) return
      for (const user of users) await takeBackOne(ask, at, emoji, user)
    }
  }

  add('get', `${path}/:emoji`, 'reaction.list', async (ask) => {
    const emoji = emojiOf(ask)
    const { limit, after } = checked(restInput.reactionQuery, ask.query)
    const { channel, message } = await target(ask, await placeOf(ask))
    const ids = await ports.messages.reactors(channel, message.id, emoji, { limit, ...(after ? { after } : {}) }, ask.deadline)
    const people = await context.people(ids, ask.deadline)
    return ids.flatMap((id) => people.get(id) ?? []).map(userToWire)
  })

  const placeOf = (ask: Ask): Promise<Place> => context.place(ask.me, ask.params.channel!, Permission.ReadMessageHistory, ask.deadline)

  async function target(ask: Ask, place: Place): Promise<Target> {
    const [message] = await ports.messages.get(place.channel.id, [ask.params.message!], ask.deadline)
    if (!message) throw refuse.unknownMessage()
    return { channel: place.channel.id, message }
  }

  async function tell(ask: Ask, place: Place, type: string, what: object): Promise<void> {
    const message_id = ask.params.message!
    const data = { channel_id: place.channel.id, message_id, ...(place.kind === 'guild' ? { guild_id: place.guildId } : {}), ...what }
    const id = `${message_id}:${type}:${context.runtime.hybrid.next()}`
    await publishTo(context, place, { v: 1, id, type, data, channelId: place.channel.id }, ask.deadline)
  }
}

function emojiOf(ask: Ask): string {
  const emoji = ask.params.emoji!
  const custom = CUSTOM.exec(emoji)?.[1]
  if (emoji.length > 60 || !(custom || UNICODE.test(emoji))) throw refuse.unknownEmoji()
  return custom ?? emoji
}
