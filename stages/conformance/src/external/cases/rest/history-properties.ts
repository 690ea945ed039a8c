import fc from 'fast-check'
import type { Case } from '../../case.ts'
import { expectEqual } from '../../expect.ts'
import { createHistory } from './message-history.ts'

type Anchor = 'before' | 'after' | 'around'

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

export const historyPropertyCases: readonly Case[] = [
  {
    id: 'rest.messages.page.law',
    title:
      'Whatever the message and the limit, a page before or after it is exactly what the history says',
    covers: ['rest.route.messages'],
    async run(fixture) {
      const { ids, page } = await createHistory(fixture, SMALL)
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
    covers: ['rest.route.messages'],
    async run(fixture) {
      const { ids, page } = await createHistory(fixture, SMALL)
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
    covers: ['rest.route.messages'],
    async run(fixture) {
      const { ids, page } = await createHistory(fixture, SMALL)
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
]
