import type { StoredMessage } from '@threshold/domain'
import type { MessageStore } from '@threshold/ports'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { aMessage, newId, testDeadline, writeTime } from './fixtures.ts'

/**
 * Edits and deletes, and their conflicts: the larger write time wins, a delete wins a tie, and a
 * deleted message never returns.
 */
export function messageStoreRemovals(store: () => MessageStore): void {
  const insertMessage = async (fields: Partial<StoredMessage> = {}): Promise<StoredMessage> => {
    const message = aMessage(newId(), fields)
    await store().insert(message, testDeadline())
    return message
  }
  const edit = (message: StoredMessage, content: string, writeTimeMicros: bigint) =>
    store().edit(
      { id: message.id, channelId: message.channelId, set: { content }, writeTimeMicros },
      testDeadline(),
    )
  const remove = (message: StoredMessage, writeTimeMicros: bigint) =>
    store().remove(message.channelId, [message.id], writeTimeMicros, testDeadline())
  const read = async (message: StoredMessage) =>
    (await store().get(message.channelId, [message.id], testDeadline()))[0]

  describe('an edit', () => {
    it('changes only the fields it names', async () => {
      const message = await insertMessage({ embeds: [{ title: 'x' }], mentions: ['1'], nonce: 5 })
      const at = writeTime()
      const edited = {
        ...message,
        content: 'edited',
        editedAt: 1_700_000_000_000,
        writeTimeMicros: at,
      }
      const set = { content: 'edited', editedAt: 1_700_000_000_000 }
      expect(
        await store().edit(
          { id: message.id, channelId: message.channelId, set, writeTimeMicros: at },
          testDeadline(),
        ),
      ).toStrictEqual(edited)
      expect(await read(message)).toStrictEqual(edited)
    })

    it('of a message that does not exist in its channel is absent and creates nothing', async () => {
      const never = aMessage(newId())
      expect(await edit(never, 'x', writeTime())).toBe('absent')
      expect(await read(never)).toBeUndefined()
      const message = await insertMessage()
      expect(await edit({ ...message, channelId: newId() }, 'x', writeTime())).toBe('absent')
      expect(await read(message)).toEqual(message)
    })

    it('loses to an edit with a larger write time, in any order of arrival', () =>
      fc.assert(
        fc.asyncProperty(fc.shuffledSubarray([1n, 2n, 3n, 4n], { minLength: 2 }), async (order) => {
          const message = await insertMessage()
          for (const n of order) await edit(message, `edit ${n}`, message.writeTimeMicros + n)
          const last = order.toSorted((a, b) => Number(a - b)).at(-1) ?? 0n
          expect(await read(message)).toMatchObject({
            content: `edit ${last}`,
            writeTimeMicros: message.writeTimeMicros + last,
          })
        }),
        { numRuns: 6 },
      ))

    it('that loses answers with what won', async () => {
      const message = await insertMessage()
      await edit(message, 'new', message.writeTimeMicros + 10n)
      expect(await edit(message, 'old', message.writeTimeMicros + 5n)).toMatchObject({
        content: 'new',
      })
    })

    it('that is older than the message itself changes nothing', async () => {
      const message = await insertMessage()
      await edit(message, 'from before', message.writeTimeMicros - 1n)
      expect(await read(message)).toEqual(message)
    })

    it('compares write times to the last microsecond, also beyond 2^53', async () => {
      const at = (1n << 60n) + 1n
      const message = await insertMessage({ writeTimeMicros: at })
      await edit(message, 'one later', at + 1n)
      await edit(message, 'one earlier', at)
      expect(await read(message)).toMatchObject({ content: 'one later', writeTimeMicros: at + 1n })
    })
  })

  describe('a delete', () => {
    it('returns the ids that were stored, and is idempotent', async () => {
      const channel = newId()
      const batch = Array.from({ length: 5 }, () => aMessage(channel))
      await store().import(batch, testDeadline())
      const ids = batch.map((m) => m.id)
      expect(
        (
          await store().remove(channel, [...ids.slice(0, 3), newId()], writeTime(), testDeadline())
        ).toSorted(),
      ).toEqual(ids.slice(0, 3).toSorted())
      expect((await store().remove(channel, ids, writeTime(), testDeadline())).toSorted()).toEqual(
        ids.slice(3).toSorted(),
      )
      expect(await store().remove(channel, ids, writeTime(), testDeadline())).toEqual([])
      expect(await store().remove(channel, [], writeTime(), testDeadline())).toEqual([])
      expect(await store().page(channel, { at: 'latest' }, 10, testDeadline())).toEqual([])
    })

    it('deletes no message of another channel', async () => {
      const message = await insertMessage()
      expect(await store().remove(newId(), [message.id], writeTime(), testDeadline())).toEqual([])
      expect(await read(message)).toEqual(message)
    })

    it('wins over an older edit that arrives later', async () => {
      const message = await insertMessage()
      await remove(message, message.writeTimeMicros + 2n)
      expect(await edit(message, 'too late', message.writeTimeMicros + 1n)).toBe('absent')
      expect(await read(message)).toBeUndefined()
    })

    it('wins over a newer edit that arrives later', async () => {
      const message = await insertMessage()
      await remove(message, message.writeTimeMicros + 1n)
      expect(await edit(message, 'too late', message.writeTimeMicros + 2n)).toBe('absent')
      expect(await read(message)).toBeUndefined()
      expect(await store().page(message.channelId, { at: 'latest' }, 10, testDeadline())).toEqual(
        [],
      )
    })

    it('wins over an edit with the same write time', async () => {
      const message = await insertMessage()
      await edit(message, 'edited', message.writeTimeMicros + 1n)
      expect(await remove(message, message.writeTimeMicros + 1n)).toEqual([message.id])
      expect(await read(message)).toBeUndefined()
    })

    it('loses to a newer edit that arrived first, and returns no id', async () => {
      const message = await insertMessage()
      await edit(message, 'newer', message.writeTimeMicros + 2n)
      expect(await remove(message, message.writeTimeMicros + 1n)).toEqual([])
      expect(await read(message)).toMatchObject({ content: 'newer' })
    })

    it('concurrent with a newer edit either deletes the message and returns its id, or keeps the edit', async () => {
      const messages = await Promise.all(Array.from({ length: 10 }, () => insertMessage()))
      for (const message of messages) {
        const [edited, removed] = await Promise.all([
          edit(message, 'newer', message.writeTimeMicros + 2n),
          remove(message, message.writeTimeMicros + 1n),
        ])
        const there = await read(message)
        expect(removed).toEqual(there ? [] : [message.id])
        if (there) expect(there).toEqual(edited)
        else expect(edited).toBe('absent')
      }
    })

    it('wins over concurrent older edits', async () => {
      const messages = await Promise.all(Array.from({ length: 10 }, () => insertMessage()))
      await Promise.all(
        messages.flatMap((m) => [
          edit(m, 'beside', writeTime()),
          remove(m, m.writeTimeMicros + 1_000_000_000n),
        ]),
      )
      for (const message of messages) expect(await read(message)).toBeUndefined()
    })
  })
}
