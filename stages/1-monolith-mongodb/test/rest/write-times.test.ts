import { aGuild, aMessage, newId, testDeadline, writeTime } from '@threshold/conformance/ports'
import { describe, expect, it } from 'vitest'
import { suiteDatabase } from '../adapters/database.ts'
import { type RestFixture, restFixture } from './fixture.ts'

const mongo = suiteDatabase()

const AN_HOUR = 3_600_000_000n
const readMessage = async (rest: RestFixture, id: string) =>
  (await rest.stores.messages.get(rest.guild.text.id, [id], testDeadline()))[0]

/** A message of the owner, sent by a process whose clock was an hour ahead. */
async function sentAhead(rest: RestFixture): Promise<string> {
  const message = aMessage(rest.guild.text.id, {
    authorId: rest.guild.owner.user.id,
    content: 'first text',
    writeTimeMicros: writeTime() + AN_HOUR,
  })
  await rest.stores.messages.insert(message, testDeadline())
  return message.id
}

describe('an edit', () => {
  it('is stored over a message from a process whose clock was ahead', async () => {
    await using rest = await restFixture(mongo())
    const message = await sentAhead(rest)
    const edited = await rest.call('message.edit', {
      params: { message },
      body: { content: 'second text' },
    })
    expect(edited).toMatchObject({ content: 'second text' })
    expect(await readMessage(rest, message)).toMatchObject({ content: 'second text' })
    expect(rest.received('MESSAGE_UPDATE')).toMatchObject([{ data: { content: 'second text' } }])
  })

  it('is stored over an edit with a future write time that came between its read and its write', async () => {
    await using rest = await restFixture(mongo())
    const { id } = await rest.call('message.send', { body: { content: 'first text' } })
    rest.injectFault('messages', 'edit', async (call) => {
      const set = { content: 'ahead' }
      const ahead = {
        id,
        channelId: rest.guild.text.id,
        set,
        writeTimeMicros: writeTime() + AN_HOUR,
      }
      await rest.stores.messages.edit(ahead, testDeadline())
      return call()
    })
    await rest.call('message.edit', { params: { message: id }, body: { content: 'second text' } })
    expect(await readMessage(rest, id)).toMatchObject({ content: 'second text' })
  })
})

describe('a reaction', () => {
  it('has a later write time than its message, even if that is in the future', async () => {
    await using rest = await restFixture(mongo())
    const message = await sentAhead(rest)
    const times: bigint[] = []
    for (const method of ['react', 'unreact'] as const) {
      rest.injectFault('messages', method, async (call, reaction) => {
        times.push((reaction as { writeTimeMicros: bigint }).writeTimeMicros)
        return call()
      })
    }
    const before = (await readMessage(rest, message))!.writeTimeMicros
    await rest.call('reaction.add', { params: { message, emoji: '👍' } })
    await rest.call('reaction.remove', { params: { message, emoji: '👍' } })
    expect(times).toHaveLength(2)
    expect(times[0]! > before && times[1]! > times[0]!).toBe(true)
  })
})

describe('a send whose id is taken by another message', () => {
  it('is stored and published under a new id, and the other message stays as it is', async () => {
    const other = newId()
    const ids = [other]
    await using rest = await restFixture(mongo(), aGuild(1), { newId: () => ids.pop() ?? newId() })
    const { text, id: guild } = rest.guild
    const first = aMessage(text.id, { id: other, authorId: newId(), content: 'theirs' })
    await rest.stores.messages.insert(first, testDeadline())
    await rest.stores.search.index(guild, first, { authorType: 'user' }, testDeadline())
    for (const nonce of [undefined, 'n']) {
      ids.push(other)
      const sent = await rest.call('message.send', {
        body: { content: 'ours', ...(nonce === undefined ? {} : { nonce, enforce_nonce: true }) },
      })
      expect(sent.id).not.toBe(other)
      expect(await readMessage(rest, sent.id)).toMatchObject({
        content: 'ours',
        authorId: rest.guild.owner.user.id,
      })
      expect(rest.received('MESSAGE_CREATE').at(-1)).toMatchObject({
        data: { id: sent.id, content: 'ours' },
      })
    }
    expect(await readMessage(rest, other)).toEqual(first)
    const words = {
      words: ['theirs'],
      channels: [text.id],
      order: 'newest',
      offset: 0,
      limit: 5,
    } as const
    expect((await rest.stores.search.search(guild, words, testDeadline())).hits).toEqual([
      { id: other, channelId: text.id },
    ])
  })
})
