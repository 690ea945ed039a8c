import type { ChannelId, UserId } from '@threshold/contract'
import type { GuildState } from '@threshold/domain'
import type { Permissions, Subscriber } from '@threshold/ports'

/**
 * Who is listening to a guild, and which of its channels each may see. What a channel's viewers are
 * is computed when first asked after a change of permissions, and then is one look-up per session:
 * a message must not cost a permission computation for each of thousands of listeners. Who comes or
 * changes is computed alone, so that a mass reconnect to a guild of n costs n computations and not
 * n for each message in between.
 */
export interface Audience {
  readonly size: number
  add(state: GuildState, subscriber: Subscriber): void
  remove(subscriber: Subscriber): void
  sessionsOf(user: UserId): readonly Subscriber[]
  subscribers(): Iterable<Subscriber>
  users(): Iterable<UserId>
  hasUser(user: UserId): boolean
  canView(state: GuildState, user: UserId, channel: ChannelId): boolean
  /** Listeners who may see a channel. The set is for reading now: it follows who comes and goes. */
  viewersOf(state: GuildState, channel: ChannelId): ReadonlySet<UserId>
  /** Who of `users` may see a channel, computed now and not kept. */
  computeViewers(
    state: GuildState,
    channel: ChannelId,
    users: readonly UserId[],
  ): ReadonlySet<UserId>
  /** Forgets what was computed of one channel, or of all: overwrites or roles have changed. */
  invalidate(channel?: ChannelId): void
  /** Computes one user anew: their own roles have changed. */
  refreshUser(state: GuildState, user: UserId): void
}

export function createAudience(permissions: Permissions): Audience {
  const byUser = new Map<UserId, Subscriber[]>()
  const everyone = new Set<Subscriber>()
  const known = new Map<ChannelId, Set<UserId>>()

  const viewers = (state: GuildState, channel: ChannelId): Set<UserId> => {
    let allowed = known.get(channel)
    if (!allowed) {
      allowed = new Set(permissions.viewers(state, channel, byUser.keys()))
      known.set(channel, allowed)
    }
    return allowed
  }
  const changedFor = (state: GuildState, user: UserId): void => {
    if (!byUser.has(user)) return
    for (const [channel, allowed] of known) {
      if (permissions.viewers(state, channel, [user]).has(user)) allowed.add(user)
      else allowed.delete(user)
    }
  }
  return {
    get size() {
      return everyone.size
    },
    add(state, subscriber) {
      everyone.add(subscriber)
      const others = byUser.get(subscriber.userId)
      byUser.set(subscriber.userId, [...(others ?? []), subscriber])
      if (!others) changedFor(state, subscriber.userId)
    },
    remove(subscriber) {
      if (!everyone.delete(subscriber)) return
      const left = (byUser.get(subscriber.userId) ?? []).filter((s) => s !== subscriber)
      if (left.length > 0) {
        byUser.set(subscriber.userId, left)
        return
      }
      byUser.delete(subscriber.userId)
      for (const allowed of known.values()) allowed.delete(subscriber.userId)
    },
    sessionsOf: (user) => byUser.get(user) ?? [],
    subscribers: () => everyone,
    users: () => byUser.keys(),
    hasUser: (user) => byUser.has(user),
    canView: (state, user, channel) => viewers(state, channel).has(user),
    viewersOf: viewers,
    computeViewers: (state, channel, users) => permissions.viewers(state, channel, users),
    invalidate(channel) {
      if (channel === undefined) known.clear()
      else known.delete(channel)
    },
    refreshUser: changedFor,
  }
}
