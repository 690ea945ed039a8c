import { invalid } from '../../api-client.ts'
import type { Case } from '../../case.ts'
import { expectEqual } from '../../expect.ts'
import { createHistory } from './message-history.ts'

export const historyCases: readonly Case[] = [
  {
    id: 'rest.messages.page.latest',
    title: 'A page holds the latest 50 messages, newest first, or as many as `limit` says',
    covers: ['rest.route.messages'],
    async run(fixture) {
      const { ids, page } = await createHistory(fixture, 60)
      expectEqual(await page(''), ids.slice(0, 50), 'by default')
      expectEqual(await page('?limit=1'), ids.slice(0, 1), 'with limit 1')
      expectEqual(await page('?limit=100'), ids, 'with limit 100')
    },
  },
  {
    id: 'rest.messages.page.limit',
    title: 'A `limit` of 0, 101 or `abc` is an invalid form that names the limit',
    covers: ['errors.50035'],
    async run(fixture) {
      const guild = await fixture.guild()
      for (const limit of ['0', '101', 'abc', '-1', '1.5', '1e1'])
        await guild.owner.api.expectError(
          invalid('limit'),
          'GET',
          `/channels/${guild.textChannelId}/messages?limit=${limit}`,
        )
    },
  },
  {
    id: 'rest.messages.page.anchor',
    title: 'An anchor that is not a snowflake is an invalid form that names it',
    covers: ['errors.50035'],
    async run(fixture) {
      const guild = await fixture.guild()
      for (const anchor of ['before', 'after', 'around'])
        for (const value of ['last', '-1', '1.5', '[$gt]', '9'.repeat(25)])
          await guild.owner.api.expectError(
            invalid(anchor),
            'GET',
            `/channels/${guild.textChannelId}/messages?${anchor}=${value}`,
          )
    },
  },
  {
    id: 'rest.messages.page.empty',
    title: 'A page of an empty channel is empty, whatever the anchor',
    covers: ['rest.route.messages'],
    async run(fixture) {
      const guild = await fixture.guild()
      for (const query of ['', '?before=1', '?after=1', '?around=1', `?after=${'9'.repeat(18)}`])
        expectEqual(
          await guild.member.api.get(`/channels/${guild.textChannelId}/messages${query}`),
          [],
          `the page ${query}`,
        )
    },
  },
  {
    id: 'rest.messages.page.around.largest',
    title:
      'A page around or before the largest possible id is the newest page, and a page after ' +
      'it is empty',
    covers: ['rest.route.messages'],
    async run(fixture) {
      const { ids, page } = await createHistory(fixture, 4)
      const largest = '9223372036854775807'
      for (const anchor of ['around', 'before'])
        expectEqual(await page(`?${anchor}=${largest}`), ids, `the page ${anchor} it`)
      expectEqual(await page(`?after=${largest}`), [], 'the page after it')
    },
  },
  {
    id: 'rest.messages.page.before',
    title: 'A page before a message holds the next older ones',
    covers: ['rest.route.messages'],
    async run(fixture) {
      const { ids, page } = await createHistory(fixture, 6)
      expectEqual(await page(`?before=${ids[2]}&limit=2`), ids.slice(3, 5), 'two before the third')
      expectEqual(await page(`?before=${ids[5]}`), [], 'before the oldest')
    },
  },
  {
    id: 'rest.messages.page.after',
    title: 'A page after a message holds the next newer ones, newest first',
    covers: ['rest.route.messages'],
    async run(fixture) {
      const { ids, page } = await createHistory(fixture, 6)
      expectEqual(await page(`?after=${ids[4]}&limit=2`), ids.slice(2, 4), 'two after the fifth')
      expectEqual(await page(`?after=${ids[0]}`), [], 'after the newest')
      expectEqual(await page('?after=0&limit=3'), ids.slice(3), 'after the beginning')
    },
  },
  {
    id: 'rest.messages.page.around',
    title: 'A page around a message holds it in its middle',
    covers: ['rest.route.messages'],
    async run(fixture) {
      const { ids, page } = await createHistory(fixture, 9)
      expectEqual(await page(`?around=${ids[4]}&limit=5`), ids.slice(2, 7), 'five around the fifth')
      expectEqual(
        await page(`?around=${ids[4]}&limit=3`),
        ids.slice(3, 6),
        'three around the fifth',
      )
      const atEdge = await page(`?around=${ids[0]}&limit=5`)
      expectEqual(atEdge.slice(0, 3), ids.slice(0, 3), 'around the newest')
    },
  },
  {
    id: 'rest.messages.page.after-deletes',
    title: 'A page is full although messages were deleted, as long as enough are left',
    covers: ['rest.route.messages'],
    async run(fixture) {
      const { guild, ids, page } = await createHistory(fixture, 12)
      const deleted = ids.filter((_, i) => i % 2 === 0)
      await guild.owner.api.post(`/channels/${guild.textChannelId}/messages/bulk-delete`, {
        messages: deleted,
      })
      const left = ids.filter((id) => !deleted.includes(id))
      expectEqual(await page('?limit=4'), left.slice(0, 4), 'the latest four')
      expectEqual(
        await page(`?before=${left[1]}&limit=4`),
        left.slice(2, 6),
        'four before one of them',
      )
      expectEqual(
        await page(`?before=${deleted[3]}&limit=2`),
        left.filter((id) => BigInt(id) < BigInt(deleted[3]!)).slice(0, 2),
        'two before a deleted message',
      )
    },
  },
]
