import type { MessageStore } from '@threshold/ports'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { aMessage, messagesAged, newestFirst, newId, testDeadline, writeTime } from './fixtures.ts'

const DAY = 86_400_000
/** Ages of up to 45 days, so that the newest messages lie in several ten-day buckets. */
const histories = fc.array(fc.array(fc.integer({ min: 0, max: 45 * DAY }), { maxLength: 4 }), {
  minLength: 1,
  maxLength: 12,
})

export function messageStoreNewest(store: () => MessageStore): void {
  const newest = (channels: readonly string[]) => store().newest(channels, testDeadline())

  describe('the newest messages of many channels', () => {
    it('are the first messages of the first page of each channel', () =>
      fc.assert(
        fc.asyncProperty(histories, async (ages) => {
          const channels = ages.map((history) => messagesAged(newId(), history))
          const empty = newId()
          await store().import(channels.flat(), testDeadline())
          const expected = new Map(
            channels.flatMap((messages) =>
              messages
                .toSorted(newestFirst)
                .slice(0, 1)
                .map((m) => [m.channelId, m.id] as const),
            ),
          )
          const requested = [...channels.flatMap(([first]) => first?.channelId ?? []), empty]
          expect(await newest([...requested, ...requested.slice(0, 1)])).toEqual(expected)
        }),
        { numRuns: 8 },
      ))

    it('are empty for no channels', async () => expect(await newest([])).toEqual(new Map()))

    it('are found for a hundred and twenty channels at once', async () => {
      const messages = Array.from({ length: 120 }, () => aMessage(newId()))
      await store().import(messages, testDeadline())
      const found = await newest(messages.map(({ channelId }) => channelId))
      expect(found).toEqual(new Map(messages.map(({ channelId, id }) => [channelId, id])))
    })

    it('are not deleted messages, also when all of the last days were deleted', async () => {
      const channel = newId()
      const [old, ...recent] = messagesAged(channel, [30 * DAY, 2 * DAY, DAY, 0]).toSorted((a, b) =>
        newestFirst(b, a),
      )
      await store().import([old!, ...recent], testDeadline())
      await store().remove(
        channel,
        recent.map(({ id }) => id),
        writeTime(),
        testDeadline(),
      )
      expect(await newest([channel])).toEqual(new Map([[channel, old!.id]]))
      await store().remove(channel, [old!.id], writeTime(), testDeadline())
      expect(await newest([channel])).toEqual(new Map())
    })
  })
}
