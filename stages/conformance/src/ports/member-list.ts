import { compareIds, type UserId } from '@threshold/contract'
import type { Member } from '@threshold/domain'
import type { MemberList } from '@threshold/ports'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { aMember, aUser } from './fixtures.ts'
import { factorySuite } from './suite.ts'

/**
 * Few ids of different length, so that steps hit the same member, and the order of strings is not
 * the order of ids.
 */
const userId = fc.constantFrom(
  '9',
  '10',
  '11',
  '99',
  '100',
  '101',
  '1000',
  '80351110224678912',
  '80351110224678913',
)
/** Few letters, so that names share prefixes. */
const name = fc.string({
  unit: fc.constantFrom('a', 'A', 'b', 'B', 'é', 'É', 'я', 'Я', '_', '5'),
  minLength: 1,
  maxLength: 4,
})
const member: fc.Arbitrary<Member> = fc
  .record({ id: userId, username: name, nick: fc.oneof(fc.constant(null), name) })
  .map(({ id, username, nick }) => aMember(aUser({ id, username }), { nick }))

type Step =
  | { readonly kind: 'put'; readonly member: Member }
  | { readonly kind: 'remove'; readonly user: UserId }
  | { readonly kind: 'page'; readonly after: UserId; readonly limit: number }
  | { readonly kind: 'find'; readonly prefix: string; readonly limit: number }

const limit = fc.integer({ min: 1, max: 12 })
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 4, arbitrary: member.map((m): Step => ({ kind: 'put', member: m })) },
  { weight: 2, arbitrary: userId.map((user): Step => ({ kind: 'remove', user })) },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('page' as const),
      after: fc.oneof(userId, fc.constant('0'), fc.constant('50')),
      limit,
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant('find' as const),
      prefix: fc.oneof(name, fc.constant('')),
      limit,
    }),
  },
)

/** A simple and slow member list. */
function model() {
  const members = new Map<UserId, Member>()
  const namesOf = ({ user, nick }: Member): string[] =>
    [user.username, ...(nick === null ? [] : [nick])].map((n) => n.toLowerCase())
  return {
    members,
    page: (after: UserId, most: number): Member[] =>
      [...members.values()]
        .filter((m) => compareIds(m.user.id, after) > 0)
        .sort((a, b) => compareIds(a.user.id, b.user.id))
        .slice(0, most),
    startingWith(prefix: string, most: number): Member[] {
      const found = [...members.values()].flatMap((m) => {
        const first = namesOf(m)
          .filter((n) => n.startsWith(prefix.toLowerCase()))
          .sort()[0]
        return first === undefined ? [] : [{ first, m }]
      })
      const order = (a: (typeof found)[0], b: (typeof found)[0]): number =>
        a.first === b.first ? compareIds(a.m.user.id, b.m.user.id) : a.first < b.first ? -1 : 1
      return found
        .sort(order)
        .slice(0, most)
        .map(({ m }) => m)
    },
  }
}

/** The contract of a MemberList: it answers like the simple model after any history. */
export function testMemberList(name: string, make: () => MemberList): void {
  factorySuite(`${name} as a member list`, make, (open) => {
    it('answers like the model after any history', () =>
      fc.assert(
        fc.property(fc.array(step, { maxLength: 50, size: 'max' }), (steps) => {
          const list = open()
          const expected = model()
          for (const each of steps) {
            if (each.kind === 'put') {
              list.put(each.member)
              expected.members.set(each.member.user.id, each.member)
            } else if (each.kind === 'remove') {
              list.remove(each.user)
              expected.members.delete(each.user)
            } else if (each.kind === 'page') {
              expect(list.page(each.after, each.limit)).toEqual(
                expected.page(each.after, each.limit),
              )
            } else {
              expect(list.startingWith(each.prefix, each.limit)).toEqual(
                expected.startingWith(each.prefix, each.limit),
              )
            }
            expect(list.size).toBe(expected.members.size)
          }
        }),
        { numRuns: 80 },
      ))

    it('pages through all members, each once', () =>
      fc.assert(
        fc.property(
          fc.uniqueArray(fc.bigInt({ min: 1n, max: (1n << 63n) - 1n }), {
            maxLength: 80,
            size: 'max',
          }),
          limit,
          (ids, size) => {
            const list = open()
            for (const id of ids) list.put(aMember(aUser({ id: String(id) })))
            const paged: UserId[] = []
            for (let after = '0'; ; after = paged.at(-1)!) {
              const page = list.page(after, size)
              if (page.length === 0) break
              paged.push(...page.map((m) => m.user.id))
            }
            expect(paged).toEqual(ids.map(String).sort(compareIds))
          },
        ),
        { numRuns: 50 },
      ))

    describe('of ten thousand', () => {
      const many = Array.from({ length: 10_000 }, (_, i) =>
        aMember(aUser({ id: String(5_000 + i), username: `user${i}` })),
      )

      it('finds members by prefix and by page', () => {
        const list = open()
        for (const m of many) list.put(m)
        expect(list.size).toBe(10_000)
        expect(list.startingWith('USER999', 20).map((m) => m.user.username)).toEqual(
          ['user999', ...Array.from({ length: 10 }, (_, i) => `user999${i}`)].filter((n) =>
            many.some((m) => m.user.username === n),
          ),
        )
        expect(list.page('14900', 1_000).map((m) => m.user.id)).toEqual(
          Array.from({ length: 99 }, (_, i) => String(14_901 + i)),
        )
      })
    })
  })
}
