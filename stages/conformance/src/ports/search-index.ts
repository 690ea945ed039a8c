import { compareIds, type GuildId } from '@threshold/contract'
import { queryWords, type StoredMessage } from '@threshold/domain'
import type { SearchIndex, SearchQuery, SearchResult } from '@threshold/ports'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { aMessage, newId, testDeadline } from './fixtures.ts'
import { CHANNELS, defined, factsOf, history, queryFields, scan } from './search-index-model.ts'
import { type Open, portSuite } from './suite.ts'

/** The contract of a SearchIndex. */
export function testSearchIndex(name: string, open: Open<SearchIndex>): void {
  portSuite(`${name} as a search index`, open, (index) => {
    const all: Omit<SearchQuery, 'channels'> = { words: [], order: 'newest', offset: 0, limit: 25 }
    const put = (guild: GuildId, message: StoredMessage) =>
      index().index(guild, message, factsOf(message), testDeadline())
    const search = (guild: GuildId, query: SearchQuery): Promise<SearchResult> =>
      index().search(guild, query, testDeadline())

    describe('a search', () => {
      it('equals a scan of the messages, after any edits and removals', () =>
        fc.assert(
          fc.asyncProperty(
            history,
            fc.array(queryFields, { minLength: 3, maxLength: 6 }),
            async (entries, queries) => {
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
                const { finalContent } = entries[i]!
                return finalContent === 'removed'
                  ? []
                  : [finalContent === 'kept' ? message : { ...message, content: finalContent }]
              })
              for (const message of left) if (!made.includes(message)) await put(guild, message)
              const removed = made
                .filter((message) => !left.some(({ id }) => id === message.id))
                .map(({ id }) => id)
              await index().remove([...removed, newId()], testDeadline())

              for (const { channels: some, bounds, ...fields } of queries) {
                const [min, max] = bounds ?? []
                const query: SearchQuery = {
                  ...defined(fields),
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

      it('finds an acknowledged message at once, and only once if it was indexed twice', async () => {
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

      it('finds the last version of a message, also after concurrent indexing', async () => {
        const [guild, message] = [newId(), aMessage(newId(), { content: 'first' })]
        await Promise.all(Array.from({ length: 8 }, () => put(guild, message)))
        await put(guild, { ...message, content: 'second' })
        const find = (word: string) =>
          search(guild, { ...all, words: [word], channels: [message.channelId] })
        expect([(await find('first')).total, (await find('second')).total]).toEqual([0, 1])
      })

      it('finds nothing in other channels or other guilds', async () => {
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

      it('pages through all matches, each once', async () => {
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
      it('is idempotent, and may be empty', async () => {
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
