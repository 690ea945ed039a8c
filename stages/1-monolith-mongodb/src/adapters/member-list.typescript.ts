import { compareIds, type UserId } from '@threshold/contract'
import type { Member } from '@threshold/domain'
import type { MemberList } from '@threshold/ports'

/**
 * Two arrays, sorted when first read after a change: a thousand joins in a row cost one sort, not a
 * thousand insertions. Discord moved this very structure to Rust at 250,000 members ("Using Rust to
 * Scale Elixir for 11 Million Concurrent Users", as reported); lab 4.2 compares.
 */
export function typescriptMemberList(): MemberList {
  const members = new Map<UserId, Member>()
  let byId: Member[] | undefined
  let byName: Named[] | undefined
  const changed = (): void => {
    byId = undefined
    byName = undefined
  }
  return {
    put(member) {
      members.set(member.user.id, member)
      changed()
    },
    remove(user) {
      if (members.delete(user)) changed()
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
      const wanted = prefix.toLowerCase()
      const found = new Set<Member>()
      for (
        let i = firstIndex(byName.length, (at) => byName![at]!.key >= wanted);
        i < byName.length && found.size < limit;
        i++
      ) {
        const { key, member } = byName[i]!
        if (!key.startsWith(wanted)) break
        found.add(member)
      }
      return [...found]
    },
  }
}

type Named = { readonly key: string; readonly member: Member }

/** Namesakes come in the order of their ids: a page of them is the same page tomorrow. */
const byNameThenId = (a: Named, b: Named): number =>
  a.key === b.key ? compareIds(a.member.user.id, b.member.user.id) : a.key < b.key ? -1 : 1

const namesOf = (member: Member): Named[] => {
  const names = member.nick === null ? [member.user.username] : [member.user.username, member.nick]
  return names.map((name) => ({ key: name.toLowerCase(), member }))
}

/** The first index for which `holds`, given that it holds from there on: binary search. */
function firstIndex(length: number, holds: (index: number) => boolean): number {
  let low = 0
  let high = length
  while (low < high) {
    const middle = (low + high) >>> 1
    if (holds(middle)) high = middle
    else low = middle + 1
  }
  return low
}
