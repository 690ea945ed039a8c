import type { APIMessage } from 'discord-api-types/v10'
import fc from 'fast-check'
import { invalid } from '../../api-client.ts'
import type { Case } from '../../case.ts'
import { expectEqual } from '../../expect.ts'
import type { Fixture } from '../../fixture.ts'
import type { TestGuild } from '../../test-guild.ts'

type Anchor = 'before' | 'after' | 'around'

/** A guild with so many messages in its text channel, and their ids, newest first. */
async function history(
  fixture: Fixture,
  length: number,
): Promise<{ guild: TestGuild; ids: string[]; page: (query: string) => Promise<string[]> }> {
  const guild = await fixture.guild()
  const said: string[] = []
  // A few at a time: quicker than one after the other, and no flood.
  for (let i = 0; i < length; i += 5) {
    const some = Array.from({ length: Math.min(5, length - i) }, (_, j) =>
      guild.send(`message ${i + j}`),
    )
    said.push(...(await Promise.all(some)).map((message) => message.id))
  }
  const ids = said.sort((a, b) => (BigInt(a) < BigInt(b) ? 1 : -1))
  const page = async (query: string): Promise<string[]> =>
    (await guild.member.api.get<APIMessage[]>(`/channels/${guild.textId}/messages${query}`)).map(
      (m) => m.id,
    )
  return { guild, ids, page }
}

/** What a page before or after an id must hold, told by the whole history. */
function expected(ids: readonly string[], anchor: Anchor, id: string, limit: number): string[] {
  const older = ids.filter((each) => BigInt(each) < BigInt(id))
  const newer = ids.filter((each) => BigInt(each) > BigInt(id))
  return anchor === 'before' ? older.slice(0, limit) : newer.slice(-limit)
}

const SMALL = 15

/**
 * Page after page, each from where the last one ended. Not for ever: a stage that turns in a circle
 * must not hold the suite.
 */
async function walk(
  limit: number,
  next: (last: string | undefined) => Promise<string[]>,
): Promise<string[]> {
  const met: string[] = []
  for (let pages = 0; pages <= SMALL / limit + 1; pages++) {
    const page = await next(met.at(-1))
    if (page.length === 0) break
    met.push(...page)
  }
  return met
}

export const historyCases: readonly Case[] = [
  {
    id: 'rest.messages.page.latest',
    title: 'A page is the latest 50 messages, newest first, unless `limit` says 1 to 100',
    async run(fixture) {
      const { ids, page } = await history(fixture, 60)
      expectEqual(await page(''), ids.slice(0, 50), 'by default')
      expectEqual(await page('?limit=1'), ids.slice(0, 1), 'with limit 1')
      expectEqual(await page('?limit=100'), ids, 'with limit 100')
    },
  },
  {
    id: 'rest.messages.page.limit',
    title: '`limit=0|101|abc` is an invalid form that names the limit',
    async run(fixture) {
      const guild = await fixture.guild()
      for (const limit of ['0', '101', 'abc', '-1', '1.5', '1e1'])
        await guild.owner.api.expectError(
          invalid('limit'),
          'GET',
          `/channels/${guild.textId}/messages?limit=${limit}`,
        )
    },
  },
  {
    id: 'rest.messages.page.anchor',
    title: 'An anchor that is no snowflake is an invalid form that names it',
    async run(fixture) {
      const guild = await fixture.guild()
      for (const anchor of ['before', 'after', 'around'])
        for (const value of ['last', '-1', '1.5', '[$gt]', '9'.repeat(25)])
          await guild.owner.api.expectError(
            invalid(anchor),
            'GET',
            `/channels/${guild.textId}/messages?${anchor}=${value}`,
          )
    },
  },
  {
    id: 'rest.messages.page.empty',
    title: 'A channel without messages has an empty page, whatever the anchor',
    async run(fixture) {
      const guild = await fixture.guild()
      for (const query of ['', '?before=1', '?after=1', '?around=1', `?after=${'9'.repeat(18)}`])
        expectEqual(
          await guild.member.api.get(`/channels/${guild.textId}/messages${query}`),
          [],
          `the page ${query}`,
        )
    },
  },
  {
    id: 'rest.messages.page.around.largest',
    title:
      'A page around or before the largest id there can be is the newest page, and one after it is empty',
    async run(fixture) {
      const { ids, page } = await history(fixture, 4)
      const largest = '9223372036854775807'
      for (const anchor of ['around', 'before'])
        expectEqual(await page(`?${anchor}=${largest}`), ids, `the page ${anchor} it`)
      expectEqual(await page(`?after=${largest}`), [], 'the page after it')
    },
  },
  {
    id: 'rest.messages.page.before',
    title: 'A page before a message holds those just older, without it',
    async run(fixture) {
      const { ids, page } = await history(fixture, 6)
      expectEqual(await page(`?before=${ids[2]}&limit=2`), ids.slice(3, 5), 'two before the third')
      expectEqual(await page(`?before=${ids[5]}`), [], 'before the oldest')
    },
  },
  {
    id: 'rest.messages.page.after',
    title: 'A page after a message holds those just newer, without it, newest first all the same',
    async run(fixture) {
      const { ids, page } = await history(fixture, 6)
      expectEqual(await page(`?after=${ids[4]}&limit=2`), ids.slice(2, 4), 'two after the fifth')
      expectEqual(await page(`?after=${ids[0]}`), [], 'after the newest')
      expectEqual(await page('?after=0&limit=3'), ids.slice(3), 'after the beginning')
    },
  },
  {
    id: 'rest.messages.page.around',
    title: 'A page around a message holds it in its middle',
    async run(fixture) {
      const { ids, page } = await history(fixture, 9)
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
    id: 'rest.messages.page.law',
    title:
      'Whatever the message and the limit, a page before or after it is exactly what the history says',
    async run(fixture) {
      const { ids, page } = await history(fixture, SMALL)
      const asked = fc.record({
        anchor: fc.constantFrom<Anchor>('before', 'after'),
        at: fc.nat(SMALL - 1),
        // An id that no message has is a place in history all the same.
        offset: fc.constantFrom(-1n, 0n, 1n),
        limit: fc.integer({ min: 1, max: 20 }),
      })
      await fc.assert(
        fc.asyncProperty(asked, async ({ anchor, at, offset, limit }) => {
          const id = String(BigInt(ids[at]!) + offset)
          expectEqual(
            await page(`?${anchor}=${id}&limit=${limit}`),
            expected(ids, anchor, id, limit),
            `${limit} ${anchor} ${id}`,
          )
        }),
        { numRuns: 25 },
      )
    },
  },
  {
    id: 'rest.messages.page.around.law',
    title:
      'Whatever the message and the limit, a page around it has the message, no gap, no double, and `limit` at most',
    async run(fixture) {
      const { ids, page } = await history(fixture, SMALL)
      const asked = fc.record({ at: fc.nat(SMALL - 1), limit: fc.integer({ min: 1, max: 20 }) })
      await fc.assert(
        fc.asyncProperty(asked, async ({ at, limit }) => {
          const got = await page(`?around=${ids[at]}&limit=${limit}`)
          const from = ids.indexOf(got[0]!)
          expectEqual(got, ids.slice(from, from + got.length), 'a stretch of the history')
          expectEqual(got.includes(ids[at]!), true, `the page of ${limit} has the message itself`)
          expectEqual(got.length <= limit, true, `${got.length} of ${limit}`)
          const half = Math.floor((limit - 1) / 2)
          expectEqual(
            at - from >= Math.min(half, at),
            true,
            'half of it is newer, where there is as much',
          )
          expectEqual(
            from + got.length - 1 - at >= Math.min(half, SMALL - 1 - at),
            true,
            'half of it is older, where there is as much',
          )
        }),
        { numRuns: 25 },
      )
    },
  },
  {
    id: 'rest.messages.page.walk',
    title: 'Walking a history page by page, back or forth, meets each message once',
    async run(fixture) {
      const { ids, page } = await history(fixture, SMALL)
      for (const limit of [1, 4, 15]) {
        const back = await walk(limit, (last) =>
          page(`?limit=${limit}${last === undefined ? '' : `&before=${last}`}`),
        )
        expectEqual(back, ids, `back, ${limit} at a time`)
        // Each page newest first, the pages oldest first.
        const forth = await walk(limit, async (last) =>
          (await page(`?limit=${limit}&after=${last ?? 0}`)).toReversed(),
        )
        expectEqual(forth, ids.toReversed(), `forth, ${limit} at a time`)
      }
    },
  },
  {
    id: 'rest.messages.page.after-deletes',
    title: 'Deleted messages leave no hole: a page is full as long as there are messages',
    async run(fixture) {
      const { guild, ids, page } = await history(fixture, 12)
      const gone = ids.filter((_, i) => i % 2 === 0)
      await guild.owner.api.post(`/channels/${guild.textId}/messages/bulk-delete`, {
        messages: gone,
      })
      const left = ids.filter((id) => !gone.includes(id))
      expectEqual(await page('?limit=4'), left.slice(0, 4), 'the latest four')
      expectEqual(
        await page(`?before=${left[1]}&limit=4`),
        left.slice(2, 6),
        'four before one of them',
      )
      expectEqual(
        await page(`?before=${gone[3]}&limit=2`),
        left.filter((id) => BigInt(id) < BigInt(gone[3]!)).slice(0, 2),
        'two before one that is gone',
      )
    },
  },
]
