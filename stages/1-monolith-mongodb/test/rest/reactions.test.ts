import { newId, testDeadline, writeTime } from '@threshold/conformance/ports'
import { unavailable } from '@threshold/kit'
import { describe, expect, it } from 'vitest'
import { suiteDatabase } from '../adapters/database.ts'
import { type RestFixture, restFixture } from './fixture.ts'

const mongo = suiteDatabase()

const USERS = [newId(), newId(), newId()]

/** Sends a message to which all users have reacted with all of these emoji. */
async function messageWithReactions(rest: RestFixture, emojis: readonly string[]): Promise<string> {
  const { id: message } = await rest.call('message.send', { body: { content: 'react' } })
  for (const emoji of emojis) for (const user of USERS) await react(rest, message, emoji, user)
  return message
}
const react = (rest: RestFixture, messageId: string, emoji: string, userId: string) =>
  rest.stores.messages.react(
    {
      v: 1,
      channelId: rest.guild.text.id,
      messageId,
      emoji,
      userId,
      writeTimeMicros: writeTime(),
    },
    testDeadline(),
  )

const remaining = async (rest: RestFixture, message: string): Promise<unknown[]> =>
  (
    (await rest.stores.messages.reactions(rest.guild.text.id, [message], '1', testDeadline())).get(
      message,
    ) ?? []
  ).map((r) => [r.emoji, r.count])
const removalEvents = (rest: RestFixture): unknown[] =>
  ['MESSAGE_REACTION_REMOVE', 'MESSAGE_REACTION_REMOVE_EMOJI', 'MESSAGE_REACTION_REMOVE_ALL'].map(
    (type) => rest.received(type).length,
  )

describe('reactions that are removed together', () => {
  it('are published in one event', async () => {
    await using rest = await restFixture(mongo())
    const message = await messageWithReactions(rest, ['👍', '🎉'])
    await rest.call('reaction.clear', { params: { message, emoji: '👍' } })
    expect([await remaining(rest, message), removalEvents(rest)]).toEqual([[['🎉', 3]], [0, 1, 0]])
    await rest.call('reaction.clear-all', { params: { message } })
    expect([await remaining(rest, message), removalEvents(rest)]).toEqual([[], [0, 1, 1]])
  })

  it('are published one by one if the removal fails half-way, and a retry removes the rest', async () => {
    await using rest = await restFixture(mongo())
    const message = await messageWithReactions(rest, ['👍', '🎉'])
    let calls = 0
    rest.injectFault(
      'messages',
      'unreact',
      async (call) => {
        calls += 1
        if (calls === 5) throw unavailable('the store')
        return call()
      },
      5,
    )
    const clear = () => rest.call('reaction.clear-all', { params: { message } })
    await expect(clear()).rejects.toMatchObject({ code: 'UNAVAILABLE' })
    expect([await remaining(rest, message), removalEvents(rest)]).toEqual([[['🎉', 2]], [4, 0, 0]])
    await clear()
    expect([await remaining(rest, message), removalEvents(rest)]).toEqual([[], [4, 0, 1]])
  })

  it('include one with another emoji that comes meanwhile', async () => {
    await using rest = await restFixture(mongo())
    const message = await messageWithReactions(rest, ['👍'])
    rest.injectFault('messages', 'unreact', async (call) => {
      await react(rest, message, '🐳', USERS[0]!)
      return call()
    })
    await rest.call('reaction.clear-all', { params: { message } })
    expect([await remaining(rest, message), removalEvents(rest)]).toEqual([[], [0, 0, 1]])
  })
})

describe('reactions that an earlier version stored under another spelling', () => {
  const [BARE, HEART] = ['\u2764', '\u2764\uFE0F']
  const heart = { id: null, name: HEART }
  const emojiIn = (rest: RestFixture, type: string): unknown[] =>
    rest.received(type).map((event) => (event.data as { emoji: unknown }).emoji)

  it('are listed and counted with the others', async () => {
    await using rest = await restFixture(mongo())
    const owner = rest.guild.owner.user.id
    const message = await messageWithReactions(rest, [BARE])
    for (const user of USERS)
      await rest.stores.metadata.createUser(
        { v: 1, id: user, username: 'ada', bot: false },
        testDeadline(),
      )
    await rest.call('reaction.add', { params: { message, emoji: BARE } })
    expect(emojiIn(rest, 'MESSAGE_REACTION_ADD')).toEqual([heart])
    const all = [owner, ...USERS].toSorted((a, b) => (BigInt(a) < BigInt(b) ? -1 : 1))
    for (const emoji of [BARE, HEART]) {
      const users = (await rest.call('reaction.list', {
        params: { message, emoji },
      })) as unknown as { id: string }[]
      expect(users.map(({ id }) => id)).toEqual(all)
    }
    const shown = (await rest.call('message.get', { params: { message } })) as unknown as {
      reactions: unknown[]
    }
    expect(shown.reactions).toMatchObject([{ emoji: heart, count: 4, me: true }])
    expect(shown.reactions).toHaveLength(1)
  })

  it('are removed by either spelling, one by one and together', async () => {
    await using rest = await restFixture(mongo())
    const message = await messageWithReactions(rest, [BARE, '👍'])
    await rest.call('reaction.remove-other', { params: { message, emoji: HEART, user: USERS[0]! } })
    expect(await remaining(rest, message)).toEqual([
      [BARE, 2],
      ['👍', 3],
    ])
    expect(emojiIn(rest, 'MESSAGE_REACTION_REMOVE')).toEqual([heart])
    await rest.call('reaction.clear', { params: { message, emoji: BARE } })
    expect(await remaining(rest, message)).toEqual([['👍', 3]])
    expect(emojiIn(rest, 'MESSAGE_REACTION_REMOVE_EMOJI')).toEqual([heart])
  })
})
