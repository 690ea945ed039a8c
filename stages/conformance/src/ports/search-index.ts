import { compareIds, type GuildId } from '@threshold/contract'
import { contentKindsOf, indexWords, queryWords, type StoredMessage } from '@threshold/domain'
import type { SearchFacts, SearchIndex, SearchQuery, SearchResult } from '@threshold/ports'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { aMessage, newId, testDeadline } from './fixtures.ts'
import { type Open, portSuite } from './suite.ts'

const WORDS = [
  'https://tea.example',
  'tea',
  'Tea',
  'café',
  'cafe',
  'naïve',
  'x_1',
  '42',
  'привет',
  '日本',
  '$gt',
  '👍',
  '👍🏽',
  'wow!!!',
  '!!!',
  '_nice_',
  'nice',
] as const
const content = fc
  .array(fc.constantFrom(...WORDS), { maxLength: 5 })
  .map((words) => words.join(' '))
const AUTHORS = ['11', '12', '13'] as const
const ROLES = ['21', '22'] as const
const REPLIED = ['31', '32'] as const
const EMBEDS = [
  [],
  [{ title: 'x' }],
  [{ title: 'x' }, { image: { url: 'https://x.example/y' } }],
] as const
const THINGS = ['link', 'embed', 'image'] as const
const CHANNELS = 3

/** Messages of one guild; a number stands for a channel, since each run has channels of its own. */
const history = fc.array(
  fc.record({
    channel: fc.nat(CHANNELS - 1),
    content,
    authorId: fc.constantFrom(...AUTHORS),
    mentions: fc.subarray([...AUTHORS]),
    roles: fc.subarray([...ROLES]),
    everyone: fc.boolean(),
    embeds: fc.constantFrom(...EMBEDS),
    reply: fc.option(fc.constantFrom(...REPLIED), { nil: undefined }),
    becomes: fc.oneof(
      { weight: 4, arbitrary: fc.constant('kept' as const) },
      fc.constant('removed' as const),
      content,
    ),
  }),
  { maxLength: 20, size: 'max' },
)

const ask = fc.record({
  words: fc
    .array(fc.constantFrom(...WORDS), { maxLength: 2 })
    .map((words) => queryWords(words.join(' '))),
  channels: fc.subarray([0, 1, 2]),
  authors: fc.option(fc.subarray([...AUTHORS]), { nil: undefined }),
  mentions: fc.option(fc.subarray([...AUTHORS], { minLength: 1 }), { nil: undefined }),
  mentionRoles: fc.option(fc.subarray([...ROLES], { minLength: 1 }), { nil: undefined }),
  mentionEveryone: fc.option(fc.boolean(), { nil: undefined }),
  authorType: fc.option(fc.constantFrom('user' as const, 'bot' as const), { nil: undefined }),
  repliedToUsers: fc.option(fc.subarray([...AUTHORS], { minLength: 1 }), { nil: undefined }),
  repliedToMessages: fc.option(fc.subarray([...REPLIED], { minLength: 1 }), { nil: undefined }),
  has: fc.option(fc.record({ all: fc.subarray([...THINGS]), none: fc.subarray([...THINGS]) }), {
    nil: undefined,
  }),
  bounds: fc.option(fc.tuple(fc.nat(19), fc.nat(19)), { nil: undefined }),
  order: fc.constantFrom('newest' as const, 'oldest' as const),
  offset: fc.nat(5),
  limit: fc.integer({ min: 1, max: 25 }),
})

/** The first author is a bot; one reply answers a message that is gone. */
const factsOf = ({ authorId, reference }: StoredMessage): SearchFacts => ({
  authorType: authorId === AUTHORS[0] ? 'bot' : 'user',
  ...(reference?.messageId === REPLIED[0] ? { repliedTo: AUTHORS[1] } : {}),
})

/** A query without what it does not ask for. */
const given = <T extends object>(asked: T) =>
  Object.fromEntries(Object.entries(asked).filter(([, value]) => value !== undefined)) as {
    [K in keyof T]: Exclude<T[K], undefined>
  }

/** What searching means, without an index. */
function scan(messages: readonly StoredMessage[], query: SearchQuery): SearchResult {
  const matches = messages.filter(
    (m) =>
      query.channels.includes(m.channelId) &&
      query.words.every((word) => indexWords(m.content).includes(word)) &&
      (!query.authors || query.authors.includes(m.authorId)) &&
      (!query.mentions || query.mentions.some((user) => m.mentions?.includes(user))) &&
      (!query.mentionRoles || query.mentionRoles.some((role) => m.mentionRoles?.includes(role))) &&
      (query.mentionEveryone === undefined ||
        query.mentionEveryone === (m.mentionEveryone ?? false)) &&
      (!query.authorType || query.authorType === factsOf(m).authorType) &&
      (!query.repliedToUsers || query.repliedToUsers.includes(factsOf(m).repliedTo ?? '')) &&
      (!query.repliedToMessages ||
        query.repliedToMessages.includes(m.reference?.messageId ?? '')) &&
      (query.has?.all ?? []).every((thing) => contentKindsOf(m).includes(thing)) &&
      !(query.has?.none ?? []).some((thing) => contentKindsOf(m).includes(thing)) &&
      (!query.minId || compareIds(m.id, query.minId) > 0) &&
      (!query.maxId || compareIds(m.id, query.maxId) < 0),
  )
  const sorted = matches.sort((a, b) =>
    query.order === 'newest' ? compareIds(b.id, a.id) : compareIds(a.id, b.id),
  )
  const hits = sorted
    .slice(query.offset, query.offset + query.limit)
    .map(({ id, channelId }) => ({ id, channelId }))
  return { total: matches.length, hits }
}

/** The laws of a SearchIndex. */
export function testSearchIndex(name: string, open: Open<SearchIndex>): void {
  portSuite(`${name} as a search index`, open, (index) => {
    const all: Omit<SearchQuery, 'channels'> = { words: [], order: 'newest', offset: 0, limit: 25 }
    const put = (guild: GuildId, message: StoredMessage) =>
      index().index(guild, message, factsOf(message), testDeadline())
    const search = (guild: GuildId, query: SearchQuery): Promise<SearchResult> =>
      index().search(guild, query, testDeadline())

    describe('a search', () => {
      it('finds what a scan of the messages would, in its order, whatever was edited and removed before', () =>
        fc.assert(
          fc.asyncProperty(
            history,
            fc.array(ask, { minLength: 3, maxLength: 6 }),
            async (entries, asks) => {
              const [guild, channels] = [newId(), Array.from({ length: CHANNELS }, newId)]
              const made = entries.map(
                ({ channel, content: text, authorId, mentions, roles, everyone, embeds, reply }) =>
                  aMessage(channels[channel]!, {
                    content: text,
                    authorId,
                    ...(mentions.length > 0 ? { mentions } : {}),
                    ...(roles.length > 0 ? { mentionRoles: roles } : {}),
                    ...(everyone ? { mentionEveryone: true } : {}),
                    ...(embeds.length > 0 ? { embeds } : {}),
                    ...(reply
                      ? { reference: { messageId: reply, channelId: channels[channel]! } }
                      : {}),
                  }),
              )
              for (const message of made) await put(guild, message)
              const left = made.flatMap((message, i) => {
                const { becomes } = entries[i]!
                return becomes === 'removed'
                  ? []
                  : [becomes === 'kept' ? message : { ...message, content: becomes }]
              })
              for (const message of left) if (!made.includes(message)) await put(guild, message)
              const gone = made
                .filter((message) => !left.some(({ id }) => id === message.id))
                .map(({ id }) => id)
              await index().remove([...gone, newId()], testDeadline())

              for (const { channels: some, bounds, ...asked } of asks) {
                const [min, max] = bounds ?? []
                const query: SearchQuery = {
                  ...given(asked),
                  channels: some.map((n) => channels[n]!),
                  ...(min !== undefined && made[min] ? { minId: made[min].id } : {}),
                  ...(max !== undefined && made[max] ? { maxId: made[max].id } : {}),
                }
                expect(await search(guild, query)).toEqual(scan(left, query))
              }
            },
          ),
          { numRuns: 16 },
        ))

      it('finds an acknowledged message at once, and the same message indexed twice once', async () => {
        const [guild, message] = [newId(), aMessage(newId(), { content: 'Zwölf Boxkämpfer' })]
        for (let i = 0; i < 2; i++) {
          await put(guild, message)
          const found = await search(guild, {
            ...all,
            words: queryWords('BOXKAMPFER zwolf'),
            channels: [message.channelId],
          })
          expect(found).toEqual({
            total: 1,
            hits: [{ id: message.id, channelId: message.channelId }],
          })
        }
      })

      it('finds what was said last of a message, however often it was indexed at once', async () => {
        const [guild, message] = [newId(), aMessage(newId(), { content: 'first' })]
        await Promise.all(Array.from({ length: 8 }, () => put(guild, message)))
        await put(guild, { ...message, content: 'second' })
        const find = (word: string) =>
          search(guild, { ...all, words: [word], channels: [message.channelId] })
        expect([(await find('first')).total, (await find('second')).total]).toEqual([0, 1])
      })

      it('answers nothing from channels that were not asked about, nor from another guild', async () => {
        const [guild, other] = [newId(), newId()]
        const secret = aMessage(newId(), { content: 'secret' })
        await put(guild, secret)
        expect(await search(guild, { ...all, words: ['secret'], channels: [newId()] })).toEqual({
          total: 0,
          hits: [],
        })
        expect(await search(guild, { ...all, words: ['secret'], channels: [] })).toEqual({
          total: 0,
          hits: [],
        })
        expect(
          await search(other, { ...all, words: ['secret'], channels: [secret.channelId] }),
        ).toEqual({ total: 0, hits: [] })
      })

      it('leads through all pages to every match once', async () => {
        const [guild, channel] = [newId(), newId()]
        const messages = Array.from({ length: 30 }, (_, i) =>
          aMessage(channel, { content: i % 2 ? 'odd' : 'even' }),
        )
        await Promise.all(messages.map((message) => put(guild, message)))
        const found: string[] = []
        for (let offset = 0; ; offset += 4) {
          const { total, hits } = await search(guild, {
            ...all,
            words: ['odd'],
            channels: [channel],
            offset,
            limit: 4,
          })
          expect(total).toBe(15)
          if (hits.length === 0) break
          found.push(...hits.map(({ id }) => id))
        }
        expect(found).toEqual(
          messages
            .filter(({ content: text }) => text === 'odd')
            .map(({ id }) => id)
            .toSorted(compareIds)
            .toReversed(),
        )
      })
    })

    describe('a removal', () => {
      it('is no error when it is repeated, or of nothing', async () => {
        const [guild, message] = [newId(), aMessage(newId(), { content: 'gone' })]
        await put(guild, message)
        await index().remove([message.id], testDeadline())
        await index().remove([message.id], testDeadline())
        await index().remove([], testDeadline())
        expect(await search(guild, { ...all, channels: [message.channelId] })).toEqual({
          total: 0,
          hits: [],
        })
      })
    })
  })
}
