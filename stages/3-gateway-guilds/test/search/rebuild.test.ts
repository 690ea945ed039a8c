import { aGuild, aMessage, aUser, testDeadline } from '@threshold/conformance/ports'
import { firstIdAt } from '@threshold/contract'
import type { StoredMessage } from '@threshold/domain'
import type { MessageStore } from '@threshold/ports'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { NatsSearchIndex } from '../../src/adapters/search-index.nats.ts'
import { ADAPTERS, newPlace, type SearchFixture, searchFixture } from './fixture.ts'

const WAIT = { timeout: 60_000, interval: 20 }

describe.each(ADAPTERS)('a rebuild of the search index in %s', { timeout: 120_000 }, (adapter) => {
  let use: AsyncDisposableStack
  let fixture: SearchFixture
  let api: NatsSearchIndex
  let place: string
  const guild = aGuild()
  const bot = aUser({ bot: true })
  const channel = guild.text.id
  beforeEach(async () => {
    use = new AsyncDisposableStack()
    fixture = await searchFixture(use)
    place = await newPlace(use, adapter)
    api = await fixture.connect()
    await fixture.metadata.createUser(bot, testDeadline())
    await fixture.metadata.createGuild(guild.state, testDeadline())
  }, 120_000)
  afterEach(() => use.disposeAsync())

  const message = (content: string, fields: Partial<StoredMessage> = {}) =>
    aMessage(channel, { content, ...fields })
  /** A message of an hour ago, which no send is still about to store. */
  const oldMessage = (content: string, n: number) =>
    message(content, {
      id: String(BigInt(firstIdAt(Date.now() - 3_600_000)) + BigInt(n)),
      writeTimeMicros: BigInt(Date.now() - 3_600_000) * 1_000n,
    })
  const store = (...all: StoredMessage[]) => fixture.messages.import(all, testDeadline())
  const write = (each: StoredMessage) =>
    api.index(guild.id, each, { authorType: 'user' }, testDeadline())
  const ALL = { channels: [channel], order: 'oldest', offset: 0, limit: 10_000 } as const
  const find = (words: string[], filter = {}) =>
    api.search(guild.id, { ...ALL, words, ...filter }, testDeadline())
  const idsOf = async (word: string) => (await find([word])).hits.map(({ id }) => id)
  const searchable = () =>
    expect
      .poll(
        () =>
          find([]).then(
            () => true,
            () => false,
          ),
        WAIT,
      )
      .toBe(true)
  async function rebuilt(): Promise<void> {
    const sequence = await api.rebuild(testDeadline())
    const isOver = async (): Promise<boolean> => {
      const { position, rebuilding } = await api.status(testDeadline())
      return position >= sequence && !rebuilding
    }
    await expect.poll(isOver, WAIT).toBe(true)
  }
  const applied = async (sequence: number): Promise<void> => {
    await expect
      .poll(async () => (await api.status(testDeadline())).position, WAIT)
      .toBeGreaterThanOrEqual(sequence)
  }

  it('finds stored messages at the first start, with the facts of their authors', async () => {
    const all = Array.from({ length: 250 }, (_, i) => oldMessage(`old number${i}`, i))
    const reply = message('reply', {
      authorId: bot.id,
      type: 19,
      reference: { messageId: all[3]!.id, channelId: channel },
    })
    await store(...all, reply)
    use.use(await fixture.start({ place }))
    await searchable()
    expect(await idsOf('old')).toEqual(all.map(({ id }) => id))
    expect(await idsOf('number249')).toEqual([all[249]!.id])
    const hits = [{ id: reply.id, channelId: channel }]
    expect(await find([], { authorType: 'bot' })).toEqual({ total: 1, hits })
    expect(await find(['reply'], { repliedToUsers: [all[3]!.authorId] })).toEqual({
      total: 1,
      hits,
    })
  })

  it('adds what the index lacks, and drops what the store no longer has', async () => {
    use.use(await fixture.start({ place }))
    await searchable()
    const [stored, gone] = [oldMessage('stored', 1), oldMessage('gone', 2)]
    await store(stored)
    await write(gone)
    expect([await idsOf('stored'), await idsOf('gone')]).toEqual([[], [gone.id]])
    // A send that has written its entry, and not yet its message.
    const sending = message('sending')
    await write(sending)
    await rebuilt()
    expect([await idsOf('stored'), await idsOf('gone')]).toEqual([[stored.id], []])
    expect(await idsOf('sending')).toEqual([sending.id])
    const { channels, messages } = await api.status(testDeadline())
    expect({ channels, messages }).toEqual({ channels: 2, messages: 1 })
  })

  it('neither loses nor resurrects what changes while it reads', async () => {
    const all = Array.from({ length: 5 }, (_, i) => oldMessage(`tea number${i}`, i))
    await store(...all)
    const [deleted, edited] = [all[1]!, all[2]!]
    const created = message('tea created')
    let isRacing = false
    /** Changes messages after a page was read, and lets the index apply that before the page. */
    const racing: Pick<MessageStore, 'page'> = {
      async page(...args) {
        const page = await fixture.messages.page(...args)
        if (!isRacing || args[0] !== channel) return page
        const { position } = await api.status(testDeadline())
        const writeTimeMicros = edited.writeTimeMicros + 1n
        const set = { content: 'coffee' }
        await fixture.messages.edit(
          { id: edited.id, channelId: channel, set, writeTimeMicros },
          testDeadline(),
        )
        await write({ ...edited, ...set, writeTimeMicros })
        await fixture.messages.remove(channel, [deleted.id], writeTimeMicros, testDeadline())
        await api.remove([deleted.id], testDeadline())
        await write(created)
        await fixture.messages.insert(created, testDeadline())
        await applied(position + 3)
        isRacing = false
        return page
      },
    }
    const messages = { ...fixture.messages, ...racing }
    use.use(await fixture.start({ place, messages }))
    await searchable()
    expect(await idsOf('tea')).toEqual(all.map(({ id }) => id))
    isRacing = true
    await rebuilt()
    expect(isRacing).toBe(false)
    const left = all.filter((each) => each !== deleted && each !== edited)
    expect(await idsOf('tea')).toEqual([...left, created].map(({ id }) => id))
    expect(await idsOf('coffee')).toEqual([edited.id])
  })

  it('keeps up with sends, edits and deletes under way', async () => {
    const old = Array.from({ length: 400 }, (_, i) => oldMessage('tea', i))
    await store(...old)
    use.use(await fixture.start({ place }))
    await searchable()
    const expected = new Set(old.map(({ id }) => id))
    let isOver = false
    const changing = (async () => {
      for (let i = 0; i < 100 || !isOver; i++) {
        const sent = message('tea')
        await write(sent)
        await fixture.messages.insert(sent, testDeadline())
        expected.add(sent.id)
        const removed = old[i]
        if (removed === undefined) continue
        const writeTimeMicros = sent.writeTimeMicros
        await fixture.messages.remove(channel, [removed.id], writeTimeMicros, testDeadline())
        await api.remove([removed.id], testDeadline())
        expected.delete(removed.id)
      }
    })()
    for (let i = 0; i < 3; i++) await rebuilt()
    isOver = true
    await changing
    const compare = (a: string, b: string): number => Number(BigInt(a) - BigInt(b))
    expect(await idsOf('tea')).toEqual([...expected].toSorted(compare))
  })

  it('goes on after the process was stopped in the middle of it', async () => {
    const all = Array.from({ length: 250 }, (_, i) => oldMessage('tea', i))
    await store(...all)
    const reading = Promise.withResolvers<void>()
    const stuck: Pick<MessageStore, 'page'> = {
      page: () => {
        reading.resolve()
        return Promise.reject(new Error('the store is away'))
      },
    }
    const first = await fixture.start({ place, messages: { ...fixture.messages, ...stuck } })
    await reading.promise
    await expect(find(['tea'])).rejects.toMatchObject({ code: 'UNAVAILABLE' })
    await first[Symbol.asyncDispose]()
    use.use(await fixture.start({ place }))
    await searchable()
    expect(await idsOf('tea')).toHaveLength(250)
  })
})
