import type { UserId } from '@threshold/contract'
import { evolve, type GuildEvent, type GuildState, type Member } from '@threshold/domain'
import type { MemberList } from '@threshold/ports'

/**
 * The state of one guild and the index of its members, changed together by events.
 *
 * `evolve` is pure and returns new collections. That is fine for channels and roles, of which there
 * are few. Members are the exception: copying ten thousand of them for each one that joins would be
 * most of the cost of a join. So this class changes its own member map in place.
 */
export class LiveState {
  /** Sorted by name and by id, for member queries. */
  readonly memberList: MemberList
  readonly #members: Map<UserId, Member>
  #state: GuildState

  constructor(loaded: GuildState, memberList: MemberList) {
    this.#members = new Map(loaded.members)
    this.#state = { ...loaded, members: this.#members }
    this.memberList = memberList
    for (const member of loaded.members.values()) memberList.put(member)
  }

  /** The state at this moment. Its member map is live, so callers must not keep it. */
  get current(): GuildState {
    return this.#state
  }

  apply(event: GuildEvent): void {
    switch (event.type) {
      case 'member.added':
      case 'member.updated':
        this.#putMember(event.member)
        return
      case 'member.removed':
        this.#members.delete(event.user.id)
        this.memberList.remove(event.user.id)
        return
      default: {
        const next = evolve(this.#state, event)
        // An event can change members along with the guild: deleting a role takes it from them.
        if (next.members !== this.#members)
          for (const member of next.members.values())
            if (this.#members.get(member.user.id) !== member) this.#putMember(member)
        this.#state = { ...next, members: this.#members }
      }
    }
  }

  #putMember(member: Member): void {
    this.#members.set(member.user.id, member)
    this.memberList.put(member)
  }
}
