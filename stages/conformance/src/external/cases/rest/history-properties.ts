import fc from 'fast-check'
import type { Case } from '../../case.ts'
import { expectEqual } from '../../expect.ts'
import { createHistory } from './message-history.ts'

type Anchor = 'before' | 'after' | 'around'

/** The page before or after an id, computed from the whole history. */
function expected(ids: readonly string[], anchor: Anchor, id: string, limit: number): string[] {
  const older = ids.filter((each) => BigInt(each) < BigInt(id))
  const newer = ids.filter((each) => BigInt(each) > BigInt(id))
  return anchor === 'before' ? older.slice(0, limit) : newer.slice(-limit)
}

const SMALL = 15

/**
 * Reads page after page, each from where the last one ended. The number of pages is limited, so
 * that a stage that repeats pages fails the case instead of looping.
 */
async function walk(
  limit: number,
  next: (last: string | undefined) => Promise<string[]>,
): Promise<string[]> {
  const collected: string[] = []
  for (let pages = 0; pages <= SMALL / limit + 1; pages++) {
    const page = await next(collected.at(-1))
    if (page.length === 0) break
    collected.push(...page)
  }
  return collected
}

export const historyPropertyCases: readonly Case[] = [
  {
    id: 'rest.messages.page.law',
    title:
      'A page before or after any id holds exactly the messages that the whole history implies',
    covers: ['rest.route.messages'],
    async run(fixture) {
      const { ids, page } = await createHistory(fixture, SMALL)
      const inputs = fc.record({
        anchor: fc.constantFrom<Anchor>('before', 'after'),
        at: fc.nat(SMALL - 1),
        // An id next to a message’s, which no message has, is a valid anchor too.
        offset: fc.constantFrom(-1n, 0n, 1n),
        limit: fc.integer({ min: 1, max: 20 }),
      })
      await fc.assert(
        fc.asyncProperty(inputs, async ({ anchor, at: index, offset, limit }) => {
          const id = String(BigInt(ids[index]!) + offset)
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
      'A page around any message holds that message, no gap, no duplicate, and `limit` at most',
    covers: ['rest.route.messages'],
    async run(fixture) {
      const { ids, page } = await createHistory(fixture, SMALL)
      const inputs = fc.record({ at: fc.nat(SMALL - 1), limit: fc.integer({ min: 1, max: 20 }) })
      await fc.assert(
        fc.asyncProperty(inputs, async ({ at: index, limit }) => {
          const actual = await page(`?around=${ids[index]}&limit=${limit}`)
          const from = ids.indexOf(actual[0]!)
          expectEqual(
            actual,
            ids.slice(from, from + actual.length),
            'a contiguous part of the history',
          )
          expectEqual(
            actual.includes(ids[index]!),
            true,
            `whether the page of ${limit} has the message itself`,
          )
          expectEqual(
            actual.length <= limit,
            true,
            `whether ${actual.length} is within the limit of ${limit}`,
          )
          const half = Math.floor((limit - 1) / 2)
          expectEqual(
            index - from >= Math.min(half, index),
            true,
            'half of the page is newer, if there are enough newer messages',
          )
          expectEqual(
            from + actual.length - 1 - index >= Math.min(half, SMALL - 1 - index),
            true,
            'half of the page is older, if there are enough older messages',
          )
        }),
        { numRuns: 25 },
      )
    },
  },
  {
    id: 'rest.messages.page.walk',
    title: 'Paging through a history backwards or forwards yields each message once',
    covers: ['rest.route.messages'],
    async run(fixture) {
      const { ids, page } = await createHistory(fixture, SMALL)
      for (const limit of [1, 4, 15]) {
        const backwards = await walk(limit, (last) =>
          page(`?limit=${limit}${last === undefined ? '' : `&before=${last}`}`),
        )
        expectEqual(backwards, ids, `backwards, ${limit} at a time`)
        // Each page is newest first, and the pages go from old to new.
        const forwards = await walk(limit, async (last) =>
          (await page(`?limit=${limit}&after=${last ?? 0}`)).toReversed(),
        )
        expectEqual(forwards, ids.toReversed(), `forwards, ${limit} at a time`)
      }
    },
  },
]
