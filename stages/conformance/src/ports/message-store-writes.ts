import type { StoredMessage } from '@threshold/domain'
import type { MessageStore } from '@threshold/ports'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { aMessage, newId, testDeadline, writeTime } from './fixtures.ts'

const id = fc.bigInt({ min: 1n, max: (1n << 63n) - 1n }).map(String)
const plain = <T>(shape: { [K in keyof T]: fc.Arbitrary<T[K]> }) =>
  fc.record(shape, { noNullPrototype: true })
const embed = plain({
  title: fc.string(),
  color: fc.nat(),
  fields: fc.array(plain({ name: fc.string() })),
})
/**
 * Any message that the contract accepts, with or without each optional field. Empty fields are
 * absent, as REST omits them.
 */
const fields: fc.Arbitrary<Partial<StoredMessage>> = fc.record(
  {
    content: fc.string({ unit: 'grapheme', maxLength: 200 }),
    authorId: id,
    type: fc.constantFrom(0 as const, 19 as const),
    writeTimeMicros: fc.bigInt({ min: 1n, max: (1n << 62n) - 1n }),
    editedAt: fc.integer({ min: 0, max: 4_000_000_000_000 }),
    tts: fc.constant(true),
    nonce: fc.oneof(fc.string({ maxLength: 25 }), fc.maxSafeInteger()),
    flags: fc.integer({ min: 1, max: 2 ** 31 - 1 }),
    mentions: fc.array(id, { minLength: 1, maxLength: 3 }),
    mentionRoles: fc.array(id, { minLength: 1, maxLength: 3 }),
    mentionEveryone: fc.constant(true),
    embeds: fc.array(embed, { minLength: 1, maxLength: 2 }),
    reference: plain({ messageId: id, channelId: id }),
  },
  { requiredKeys: [], noNullPrototype: true },
)

export function messageStoreWrites(store: () => MessageStore): void {
  const read = async (message: StoredMessage): Promise<StoredMessage | undefined> =>
    (await store().get(message.channelId, [message.id], testDeadline()))[0]

  describe('an insert', () => {
    it('stores every field unchanged, and adds none', () =>
      fc.assert(
        fc.asyncProperty(fields, async (some) => {
          const message = aMessage(newId(), some)
          expect(await store().insert(message, testDeadline())).toStrictEqual({
            outcome: 'inserted',
            message,
          })
          expect(await read(message)).toStrictEqual(message)
        }),
        { numRuns: 40 },
      ))

    it('stores embeds with any field names', async () => {
      const embeds = [
        {
          'a.b': 1,
          $gt: '',
          nested: { $where: [{ $set: 1 }], 'x.y': null },
          _bsontype: 'ObjectId',
          'a\0b': 1,
        },
      ]
      const message = aMessage(newId(), { embeds })
      await store().insert(message, testDeadline())
      expect(await read(message)).toStrictEqual(message)
      const edited = await store().edit(
        {
          id: message.id,
          channelId: message.channelId,
          set: { embeds: [{ $inc: 1 }] },
          writeTimeMicros: writeTime(),
        },
        testDeadline(),
      )
      expect(edited).toMatchObject({ embeds: [{ $inc: 1 }] })
    })

    it('stores a text with half a surrogate pair', async () => {
      const message = aMessage(newId(), { content: 'half: \uDC00.' })
      await store().insert(message, testDeadline())
      expect((await read(message))?.content.toWellFormed()).toBe('half: \uFFFD.')
    })

    it('of a stored message is a duplicate, returns the first and changes nothing', async () => {
      const first = aMessage(newId())
      await store().insert(first, testDeadline())
      expect(await store().insert({ ...first, content: 'second' }, testDeadline())).toEqual({
        outcome: 'duplicate',
        message: first,
      })
      expect(await read(first)).toEqual(first)
    })

    it('with the id of another message is taken, and leaves that message unchanged', async () => {
      const first = aMessage(newId())
      await store().insert(first, testDeadline())
      const others = [
        aMessage(first.channelId, { id: first.id, authorId: newId() }),
        aMessage(first.channelId, { id: first.id }),
      ]
      for (const other of others) {
        expect((await store().insert(other, testDeadline())).outcome).toBe('taken')
        const key = { authorId: other.authorId, channelId: other.channelId, nonce: newId() }
        const withNonce = { ...other, nonce: key.nonce }
        expect((await store().insert(withNonce, testDeadline(), key)).outcome).toBe('taken')
        // The failed insert did not use up the nonce.
        const again = { ...withNonce, id: newId() }
        expect(await store().insert(again, testDeadline(), key)).toEqual({
          outcome: 'inserted',
          message: again,
        })
      }
      expect(await read(first)).toEqual(first)
    })

    it('succeeds once among concurrent ones with the same id', async () => {
      const message = aMessage(newId())
      const all = await Promise.all(
        Array.from({ length: 20 }, () => store().insert(message, testDeadline())),
      )
      expect(all.filter((result) => result.outcome === 'inserted')).toHaveLength(1)
    })
  })

  describe('a dedupe key', () => {
    const keyOf = (message: StoredMessage, nonce = newId()) => ({
      authorId: message.authorId,
      channelId: message.channelId,
      nonce,
    })

    it('makes a retry a duplicate of the first send', async () => {
      const first = aMessage(newId(), { nonce: 'n' })
      const key = keyOf(first)
      expect(await store().insert(first, testDeadline(), key)).toEqual({
        outcome: 'inserted',
        message: first,
      })
      expect(
        await store().insert(aMessage(first.channelId, { nonce: 'n' }), testDeadline(), key),
      ).toEqual({
        outcome: 'duplicate',
        message: first,
      })
      expect(await store().page(first.channelId, { at: 'latest' }, 10, testDeadline())).toEqual([
        first,
      ])
    })

    it('stores one message for twenty concurrent sends, and returns it to all', async () => {
      const channel = newId()
      const messages = Array.from({ length: 20 }, () => aMessage(channel))
      const key = keyOf(messages[0]!)
      const all = await Promise.all(
        messages.map((message) => store().insert(message, testDeadline(), key)),
      )
      expect(all.filter((result) => result.outcome === 'inserted')).toHaveLength(1)
      const stored = await store().page(channel, { at: 'latest' }, 10, testDeadline())
      expect(stored).toHaveLength(1)
      for (const result of all) expect(result.message.id).toBe(stored[0]!.id)
    })

    it('is specific to its author and channel', async () => {
      const first = aMessage(newId())
      const key = keyOf(first)
      await store().insert(first, testDeadline(), key)
      const [elsewhere, other] = [
        aMessage(newId()),
        aMessage(first.channelId, { authorId: newId() }),
      ]
      expect(
        (
          await store().insert(elsewhere, testDeadline(), {
            ...key,
            channelId: elsewhere.channelId,
          })
        ).outcome,
      ).toBe('inserted')
      expect(
        (await store().insert(other, testDeadline(), { ...key, authorId: other.authorId })).outcome,
      ).toBe('inserted')
      expect(
        (
          await store().insert(aMessage(first.channelId), testDeadline(), {
            ...key,
            nonce: newId(),
          })
        ).outcome,
      ).toBe('inserted')
    })

    it('does not bring back a deleted message', async () => {
      const first = aMessage(newId())
      const key = keyOf(first)
      await store().insert(first, testDeadline(), key)
      await store().remove(first.channelId, [first.id], writeTime(), testDeadline())
      expect(await store().insert(aMessage(first.channelId), testDeadline(), key)).toMatchObject({
        outcome: 'duplicate',
        message: { id: first.id },
      })
      expect(await store().page(first.channelId, { at: 'latest' }, 10, testDeadline())).toEqual([])
    })
  })

  describe('an import', () => {
    it('stores messages unchanged, and is idempotent', async () => {
      const channel = newId()
      const batch = fc.sample(fields, 20).map((some) => aMessage(channel, some))
      await store().import(batch, testDeadline())
      await store().import([...batch, ...batch.slice(0, 3)], testDeadline())
      await store().import([], testDeadline())
      const stored = await store().get(
        channel,
        batch.map((m) => m.id),
        testDeadline(),
      )
      expect(new Map(stored.map((m) => [m.id, m]))).toEqual(new Map(batch.map((m) => [m.id, m])))
    })

    it('does not undo a later edit', async () => {
      const message = aMessage(newId())
      await store().import([message], testDeadline())
      await store().edit(
        {
          id: message.id,
          channelId: message.channelId,
          set: { content: 'edited' },
          writeTimeMicros: writeTime(),
        },
        testDeadline(),
      )
      await store().import([message], testDeadline())
      expect(await read(message)).toMatchObject({ content: 'edited' })
    })
  })

  describe('a get', () => {
    it('returns the stored messages of its channel', async () => {
      const [inChannel, elsewhere] = [aMessage(newId()), aMessage(newId())]
      await store().import([inChannel, elsewhere], testDeadline())
      expect(
        await store().get(
          inChannel.channelId,
          [inChannel.id, elsewhere.id, newId()],
          testDeadline(),
        ),
      ).toEqual([inChannel])
      expect(await store().get(inChannel.channelId, [], testDeadline())).toEqual([])
    })
  })
}
