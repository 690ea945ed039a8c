import { compareIds, type UserId } from '@threshold/contract'
import type { Member } from '@threshold/domain'
import type { MemberList } from '@threshold/ports'

/**
 * Members in two sorted arrays. An array is sorted when it is first read after a change, so a
 * thousand joins in a row cost one sort and not a thousand insertions. Discord moved this structure
 * to Rust at 250,000 members ("Using Rust to Scale Elixir for 11 Million Concurrent Users", as
 * reported); lab 4.2 compares the two.
 */
export function typescriptMemberList(): MemberList {
  const members = new Map<UserId, Member>()
  let byId: Member[] | undefined
  let byName: Named[] | undefined
  const invalidate = (): void => {
    byId = undefined
    byName = undefined
  }
  return {
    put(member) {
      members.set(member.user.id, member)
      invalidate()
    },
    remove(user) {
      if (members.delete(user)) invalidate()
    },
    get size() {
      return members.size
    },
    page(after, limit) {
      byId ??= [...members.values()].sort((a, b) => compareIds(a.user.id, b.user.id))
      const start = firstIndex(byId.length, (i) => compareIds(byId![i]!.user.id, after) > 0)
      return byId.slice(start, start + limit)
    },
    startingWith(prefix, limit) {
      byName ??= [...members.values()].flatMap(namesOf).sort(byNameThenId)
      const lowerPrefix = prefix.toLowerCase()
      const start = firstIndex(byName.length, (i) => byName![i]!.key >= lowerPrefix)
      // A member may match by username and by nick.
      const found = new Set<Member>()
      for (let i = start; i < byName.length && found.size < limit; i++) {
        const { key, member } = byName[i]!
        if (!key.startsWith(lowerPrefix)) break
        found.add(member)
      }
      return [...found]
    },
  }
}

type Named = { readonly key: string; readonly member: Member }

/** Members with the same name are ordered by id, so that repeating a query gives the same page. */
const byNameThenId = (a: Named, b: Named): number =>
  a.key === b.key ? compareIds(a.member.user.id, b.member.user.id) : a.key < b.key ? -1 : 1

const namesOf = (member: Member): Named[] => {
  const names = member.nick === null ? [member.user.username] : [member.user.username, member.nick]
  return names.map((name) => ({ key: name.toLowerCase(), member }))
}

/** The first index that satisfies a condition which all later ones satisfy too: binary search. */
function firstIndex(length: number, satisfies: (index: number) => boolean): number {
  let low = 0
  let high = length
  while (low < high) {
    const middle = (low + high) >>> 1
    if (satisfies(middle)) high = middle
    else low = middle + 1
  }
  return low
}
