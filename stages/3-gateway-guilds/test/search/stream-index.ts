import { aMessage, newId, testDeadline } from '@threshold/conformance/ports'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { StreamIndex } from '../../src/search/stream-index.ts'

const END = String(2n ** 63n - 1n)

/** The rules of an index for the stream and for rebuilds, besides its port. */
export function testStreamIndex(name: string, open: () => Promise<StreamIndex>): void {
  describe(`${name} as an index that follows a stream`, { timeout: 60_000 }, () => {
    const guild = newId()
    const message = aMessage(newId(), { content: 'tea' })
    const indexed = { kind: 'index', guild, message, facts: { authorType: 'user' } } as const
    const changed = (change: Partial<typeof message>) => ({
      ...indexed,
      message: { ...message, ...change },
    })
    let index: StreamIndex
    beforeEach(async () => {
      index = await open()
    })
    afterEach(() => index[Symbol.asyncDispose]())

    const count = async (word: string) => {
      const all = { channels: [message.channelId], order: 'newest', offset: 0, limit: 25 } as const
      return (await index.search(guild, { ...all, words: [word] }, testDeadline())).total
    }

    it('begins without a position, and with a rebuild to do', () => {
      expect(index.progress).toEqual({ stream: '', position: 0, build: 1, built: 0 })
    })

    it('moves its position with the changes', async () => {
      await index.reset('stream', 6)
      await index.apply([indexed], 7)
      expect(index.progress).toEqual({ stream: 'stream', position: 7, build: 2, built: 0 })
      expect(await count('tea')).toBe(1)
    })

    it('keeps the later version of a message, whichever comes last', async () => {
      const writeTimeMicros = message.writeTimeMicros + 1n
      await index.apply([changed({ content: 'milk', writeTimeMicros }), indexed], 1)
      await index.apply([indexed], 2)
      expect([await count('milk'), await count('tea')]).toEqual([1, 0])
    })

    it('keeps the entry of another message with the same id', async () => {
      await index.apply([indexed], 1)
      await index.apply([changed({ content: 'milk', authorId: newId() })], 2)
      expect([await count('milk'), await count('tea')]).toEqual([0, 1])
    })

    it('applies the changes of a batch one after the other', async () => {
      await index.apply([indexed, { kind: 'remove', ids: [message.id] }], 2)
      expect(await count('tea')).toBe(0)
      await index.apply([{ kind: 'remove', ids: [message.id] }, indexed], 4)
      expect(await count('tea')).toBe(1)
    })

    it('takes from a page only what the stream has not changed meanwhile', async () => {
      const [kept, removed] = [message, aMessage(message.channelId, { content: 'tea' })]
      await index.apply([{ ...indexed, message: removed }], 1)
      const add = index.beginPage()
      await index.apply([{ kind: 'remove', ids: [removed.id] }], 2)
      await add([
        { ...indexed, message: kept },
        { ...indexed, message: removed },
      ])
      expect(await count('tea')).toBe(1)
    })

    it('keeps its position when a rebuild ends while changes are applied', async () => {
      await index.reset('stream', 0)
      const { build } = index.progress
      for (let position = 1; position <= 20; position++) {
        let isApplied = false
        const applying = index.apply([indexed], position).finally(() => {
          isApplied = true
        })
        while (!isApplied) await index.finish(build)
        await applying
        expect(index.progress).toEqual({ stream: 'stream', position, build, built: build })
      }
    })

    it('drops what a rebuild has not seen, and nothing else, also once the next begins', async () => {
      await index.apply([indexed], 1)
      await index.apply([{ kind: 'rebuild' }], 2)
      const { build } = index.progress
      await index.beginPage()([indexed])
      await index.apply([{ kind: 'rebuild' }], 3)
      expect(await index.dropUnseen(build, '0', END)).toBe(message.id)
      expect(await index.dropUnseen(build, message.id, END)).toBeUndefined()
      await index.finish(build)
      expect([await count('tea'), index.progress.built]).toEqual([1, 0])
      await index.dropUnseen(index.progress.build, '0', END)
      expect(await count('tea')).toBe(0)
      await index.finish(index.progress.build)
      expect(index.progress).toMatchObject({ build: 3, built: 3 })
    })
  })
}
