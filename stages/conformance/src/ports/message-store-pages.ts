import { compareIds, type MessageId } from '@threshold/contract'
import type { StoredMessage } from '@threshold/domain'
import type { Anchor, MessageStore } from '@threshold/ports'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { aMessage, messagesAged, newestFirst, newId, testDeadline } from './fixtures.ts'

const DAY = 86_400_000
/**
 * Ages of up to 45 days, so that messages lie in several ten-day buckets with empty ones between.
 */
const ages = fc.array(fc.integer({ min: 0, max: 45 * DAY }), {
  minLength: 1,
  maxLength: 40,
  size: 'max',
})
const RUNS = { numRuns: 8 }

const idsOf = (messages: readonly { id: MessageId }[]): MessageId[] => messages.map((m) => m.id)

/** Imports a history into a new channel. Returns its ids, newest first. */
async function importHistory(
  store: MessageStore,
  history: readonly number[],
): Promise<{ channel: string; ids: MessageId[] }> {
  const channel = newId()
  const messages = messagesAged(channel, history)
  await store.import(messages, testDeadline())
  return { channel, ids: idsOf(messages.toSorted(newestFirst)) }
}

export function messageStorePages(store: () => MessageStore): void {
  describe('a page of history', () => {
    it('leads to the next one without gaps and duplicates, in both directions', () =>
      fc.assert(
        fc.asyncProperty(ages, fc.integer({ min: 3, max: 50 }), async (history, limit) => {
          const { channel, ids } = await importHistory(store(), history)
          const walk = async (
            first: Anchor,
            next: (page: readonly StoredMessage[]) => Anchor,
          ): Promise<MessageId[][]> => {
            const pages: MessageId[][] = []
            for (let anchor = first; ; ) {
              const page = await store().page(channel, anchor, limit, testDeadline())
              if (page.length === 0) return pages
              expect(page.length).toBeLessThanOrEqual(limit)
              pages.push(idsOf(page))
              anchor = next(page)
            }
          }
          const backward = await walk({ at: 'latest' }, (page) => ({
            at: 'before',
            id: page.at(-1)!.id,
          }))
          expect(backward.flat()).toEqual(ids)
          const forward = await walk({ at: 'after', id: '0' }, (page) => ({
            at: 'after',
            id: page[0]!.id,
          }))
          expect(forward.toReversed().flat()).toEqual(ids)
        }),
        RUNS,
      ))

    it('starts next to any id and excludes it', () =>
      fc.assert(
        fc.asyncProperty(
          ages,
          fc.nat(),
          fc.boolean(),
          fc.integer({ min: 1, max: 20 }),
          async (history, which, between, limit) => {
            const { channel, ids } = await importHistory(store(), history)
            const id = (BigInt(ids[which % ids.length]!) + (between ? 1n : 0n)).toString()
            const older = ids.filter((other) => compareIds(other, id) < 0)
            const newer = ids.filter((other) => compareIds(other, id) > 0)
            expect(
              idsOf(await store().page(channel, { at: 'before', id }, limit, testDeadline())),
            ).toEqual(older.slice(0, limit))
            expect(
              idsOf(await store().page(channel, { at: 'after', id }, limit, testDeadline())),
            ).toEqual(newer.slice(-limit))
          },
        ),
        RUNS,
      ))

    it('has senders without content, and with the nonce only for a dedupe key', async () => {
      const channel = newId()
      const [a, b, c] = [
        aMessage(channel, { nonce: 'x' }),
        aMessage(channel, { nonce: 12 }),
        aMessage(channel),
      ]
      await store().insert(a, testDeadline())
      await store().insert(b, testDeadline(), {
        authorId: b.authorId,
        channelId: channel,
        nonce: '12',
      })
      await store().insert(c, testDeadline())
      const [first, second, third] = [
        { id: a.id, authorId: a.authorId },
        { id: b.id, authorId: b.authorId, dedupeNonce: '12' },
        { id: c.id, authorId: c.authorId },
      ]
      expect(await store().senders(channel, undefined, 2, testDeadline())).toStrictEqual([
        third,
        second,
      ])
      expect(await store().senders(channel, b.id, 100, testDeadline())).toStrictEqual([first])
      expect(await store().senders(channel, a.id, 100, testDeadline())).toStrictEqual([])
    })

    it('accepts the largest possible id', async () => {
      const { channel, ids } = await importHistory(store(), [0, DAY, 12 * DAY])
      const id = (2n ** 63n - 1n).toString()
      for (const at of ['before', 'around'] as const)
        expect(idsOf(await store().page(channel, { at, id }, 10, testDeadline()))).toEqual(ids)
      expect(await store().page(channel, { at: 'after', id }, 10, testDeadline())).toEqual([])
    })

    it('around an id has up to half newer messages, then the message, then older ones', () =>
      fc.assert(
        fc.asyncProperty(
          ages,
          fc.nat(),
          fc.boolean(),
          fc.integer({ min: 1, max: 20 }),
          async (history, which, between, limit) => {
            const { channel, ids } = await importHistory(store(), history)
            const id = (BigInt(ids[which % ids.length]!) + (between ? 1n : 0n)).toString()
            const newer = ids
              .filter((other) => compareIds(other, id) > 0)
              .slice(-Math.floor(limit / 2) || ids.length)
            const rest = ids
              .filter((other) => compareIds(other, id) <= 0)
              .slice(0, limit - newer.length)
            expect(
              idsOf(await store().page(channel, { at: 'around', id }, limit, testDeadline())),
            ).toEqual([...newer, ...rest])
          },
        ),
        RUNS,
      ))

    it('is empty for an empty channel', async () => {
      const anchors: Anchor[] = [
        { at: 'latest' },
        ...(['before', 'after', 'around'] as const).map((at) => ({ at, id: newId() })),
      ]
      for (const anchor of anchors)
        expect(await store().page(newId(), anchor, 50, testDeadline())).toEqual([])
    })

    it('has only messages of its channel', async () => {
      const [first, other] = [newId(), newId()]
      const messages = Array.from({ length: 5 }, () => [aMessage(first), aMessage(other)]).flat()
      await store().import(messages, testDeadline())
      const page = await store().page(first, { at: 'latest' }, 100, testDeadline())
      expect(idsOf(page)).toEqual(
        idsOf(messages.filter((m) => m.channelId === first).toSorted(newestFirst)),
      )
    })

    it('has every acknowledged message', async () => {
      const channel = newId()
      for (let i = 0; i < 10; i++) {
        const message = aMessage(channel)
        await store().insert(message, testDeadline())
        expect(await store().page(channel, { at: 'latest' }, 1, testDeadline())).toEqual([message])
      }
    })
  })
}
