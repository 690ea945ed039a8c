import { compareIds, type MessageId, type UserId } from '@threshold/contract'
import type { ReactionCount, StoredMessage } from '@threshold/domain'
import type { MessageStore } from '@threshold/ports'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { aMessage, newId, testDeadline, writeTime } from './fixtures.ts'

export function messageStoreReactions(store: () => MessageStore): void {
  const insertMessage = async (): Promise<StoredMessage> => {
    const message = aMessage(newId())
    await store().insert(message, testDeadline())
    return message
  }
  const reaction = ({ channelId, id }: StoredMessage, emoji: string, userId: UserId) => ({
    v: 1 as const,
    channelId,
    messageId: id,
    emoji,
    userId,
    writeTimeMicros: writeTime(),
  })
  const react = (message: StoredMessage, emoji: string, user: UserId) =>
    store().react(reaction(message, emoji, user), testDeadline())
  const unreact = (message: StoredMessage, emoji: string, user: UserId) =>
    store().unreact(reaction(message, emoji, user), testDeadline())
  const counts = async (
    message: StoredMessage,
    viewer: UserId,
  ): Promise<readonly ReactionCount[]> => {
    const all = await store().reactions(message.channelId, [message.id], viewer, testDeadline())
    return (all.get(message.id) ?? []).toSorted((a, b) => (a.emoji < b.emoji ? -1 : 1))
  }

  describe('a reaction', () => {
    it('counts once for each user and emoji, and is known the second time', async () => {
      const message = await insertMessage()
      expect(await react(message, '👍', '1')).toBe('added')
      expect(await react(message, '👍', '1')).toBe('known')
      expect(await counts(message, '1')).toEqual([{ emoji: '👍', count: 1, me: true }])
      expect(await counts(message, '2')).toEqual([{ emoji: '👍', count: 1, me: false }])
    })

    it('is known in another spelling from an earlier version, and counts for the same emoji', async () => {
      const message = await insertMessage()
      expect(await react(message, '\u2764', '1')).toBe('added')
      for (let i = 1; i < 20; i++) await react(message, `e:${i}`, '1')
      expect(await react(message, '\u2764\uFE0F', '1')).toBe('known')
      expect(await react(message, '\u2764\uFE0F', '2')).toBe('added')
      expect(await react(message, '👍', '2')).toBe('full')
    })

    it('needs an existing message in its channel', async () => {
      const message = await insertMessage()
      expect(await react(aMessage(message.channelId), '👍', '1')).toBe('absent')
      expect(await react({ ...message, channelId: newId() }, '👍', '1')).toBe('absent')
      expect(await counts(message, '1')).toEqual([])
    })

    it('is removed once', async () => {
      const message = await insertMessage()
      await react(message, 'blob:123', '1')
      expect(await unreact(message, 'blob:123', '2')).toBe('absent')
      expect(await unreact(message, 'blob:123', '1')).toBe('removed')
      expect(await unreact(message, 'blob:123', '1')).toBe('absent')
      expect(await counts(message, '1')).toEqual([])
      expect(await react(message, 'blob:123', '1')).toBe('added')
    })

    it('with a twenty-first emoji is refused, and with one of the twenty is not', async () => {
      const message = await insertMessage()
      for (let i = 0; i < 20; i++) expect(await react(message, `e:${i}`, '1')).toBe('added')
      expect(await react(message, 'e:20', '1')).toBe('full')
      expect(await react(message, 'e:0', '2')).toBe('added')
      expect(await react(message, 'e:0', '1')).toBe('known')
      await unreact(message, 'e:19', '1')
      expect(await react(message, 'e:20', '1')).toBe('added')
      expect(await counts(message, '1')).toHaveLength(20)
    })

    it('with a twenty-first emoji is refused also under concurrency', async () => {
      const message = await insertMessage()
      const before = newId()
      expect(await react(message, 'e:0', before)).toBe('added')
      const together = Array.from({ length: 144 }, (_, i) => react(message, `e:${i}`, newId()))
      // Other reactions and removals run concurrently, and must not free a place twice.
      const meanwhile = [
        unreact(message, 'e:0', before),
        ...Array.from({ length: 10 }, () => react(message, 'e:0', newId())),
      ]
      const outcomes = await Promise.all(together)
      await Promise.all(meanwhile)
      expect(new Set(outcomes)).toEqual(new Set(['added', 'full']))
      const there = await counts(message, '1')
      expect(there).toHaveLength(20)
      expect(outcomes.filter((outcome) => outcome === 'added')).toHaveLength(20)
    })

    it('is not lost among concurrent ones', async () => {
      const message = await insertMessage()
      const users = Array.from({ length: 20 }, newId)
      expect(new Set(await Promise.all(users.map((user) => react(message, '👍', user))))).toEqual(
        new Set(['added']),
      )
      expect(await counts(message, users[7]!)).toEqual([{ emoji: '👍', count: 20, me: true }])
    })

    it('is deleted with its message', async () => {
      const message = await insertMessage()
      await react(message, '👍', '1')
      await store().remove(message.channelId, [message.id], writeTime(), testDeadline())
      expect(await react(message, '👍', '2')).toBe('absent')
      expect(await counts(message, '1')).toEqual([])
      expect(
        await store().reactors(message.channelId, message.id, '👍', { limit: 10 }, testDeadline()),
      ).toEqual([])
    })

    it('is deleted with its message also under concurrency', async () => {
      for (let round = 0; round < 8; round++) {
        const message = await insertMessage()
        const reacting = Array.from({ length: 4 }, (_, i) => react(message, '👍', String(i + 1)))
        await Promise.all([
          ...reacting,
          store().remove(message.channelId, [message.id], writeTime(), testDeadline()),
        ])
        expect(
          await store().reactors(
            message.channelId,
            message.id,
            '👍',
            { limit: 10 },
            testDeadline(),
          ),
        ).toEqual([])
      }
    })

    it('leaves the message unchanged', async () => {
      const message = await insertMessage()
      await react(message, '👍', '1')
      expect(await store().get(message.channelId, [message.id], testDeadline())).toStrictEqual([
        message,
      ])
    })
  })

  describe('reaction counts', () => {
    it('are those of every reaction that was not removed', () => {
      const step = fc.record({
        emoji: fc.constantFrom('👍', '👎', 'blob:1'),
        user: fc.constantFrom('1', '2', '3'),
        adds: fc.boolean(),
      })
      return fc.assert(
        fc.asyncProperty(fc.array(step, { maxLength: 12, size: 'max' }), async (steps) => {
          const message = await insertMessage()
          const model = new Map<string, Set<UserId>>()
          for (const { emoji, user, adds } of steps) {
            const users = model.get(emoji) ?? new Set()
            model.set(emoji, users)
            if (adds)
              expect(await react(message, emoji, user)).toBe(users.has(user) ? 'known' : 'added')
            else
              expect(await unreact(message, emoji, user)).toBe(
                users.has(user) ? 'removed' : 'absent',
              )
            if (adds) users.add(user)
            else users.delete(user)
          }
          const expected = [...model]
            .filter(([, users]) => users.size > 0)
            .map(([emoji, users]) => ({ emoji, count: users.size, me: users.has('1') }))
          expect(await counts(message, '1')).toEqual(
            expected.toSorted((a, b) => (a.emoji < b.emoji ? -1 : 1)),
          )
        }),
        { numRuns: 5 },
      )
    })

    it('are right after removals with a clock that was ahead', async () => {
      const message = await insertMessage()
      const reaction = {
        v: 1,
        channelId: message.channelId,
        messageId: message.id,
        emoji: '👍',
        userId: '1',
      } as const
      const ahead = writeTime() + 3_600_000_000n
      for (let round = 0n; round < 3n; round++) {
        const at = ahead + 10n * round
        expect(await store().react({ ...reaction, writeTimeMicros: at }, testDeadline())).toBe(
          'added',
        )
        expect(
          await store().unreact({ ...reaction, writeTimeMicros: at + 1n }, testDeadline()),
        ).toBe('removed')
        expect(
          await store().react({ ...reaction, writeTimeMicros: writeTime() }, testDeadline()),
        ).toBe('added')
        expect(await counts(message, '1')).toEqual([{ emoji: '👍', count: 1, me: true }])
        expect(
          await store().unreact({ ...reaction, writeTimeMicros: writeTime() }, testDeadline()),
        ).toBe('removed')
        expect(await counts(message, '1')).toEqual([])
      }
    })

    it('are returned for many messages at once, without those that have none', async () => {
      const channel = newId()
      const [a, b, c] = [aMessage(channel), aMessage(channel), aMessage(channel)]
      await store().import([a, b, c], testDeadline())
      await react(a, '👍', '1')
      await react(c, '👎', '2')
      const all: ReadonlyMap<MessageId, readonly ReactionCount[]> = await store().reactions(
        channel,
        [a.id, b.id, c.id, newId()],
        '1',
        testDeadline(),
      )
      expect(new Map(all)).toEqual(
        new Map([
          [a.id, [{ emoji: '👍', count: 1, me: true }]],
          [c.id, [{ emoji: '👎', count: 1, me: false }]],
        ]),
      )
      expect((await store().reactions(channel, [], '1', testDeadline())).size).toBe(0)
    })
  })

  describe('the users who reacted', () => {
    it('are paged by id, each once', async () => {
      const message = await insertMessage()
      const users = Array.from({ length: 12 }, newId).toSorted(() => 1)
      await Promise.all(users.map((user) => react(message, '👍', user)))
      await react(message, '👎', newId())
      const found: UserId[] = []
      for (let after: UserId | undefined; ; after = found.at(-1)) {
        const page = await store().reactors(
          message.channelId,
          message.id,
          '👍',
          { ...(after ? { after } : {}), limit: 5 },
          testDeadline(),
        )
        if (page.length === 0) break
        expect(page.length).toBeLessThanOrEqual(5)
        found.push(...page)
      }
      expect(found).toEqual(users.toSorted(compareIds))
    })
  })
}
