import type { ChannelId, UserId } from '@threshold/contract'
import type { GuildState } from '@threshold/domain'
import type { Permissions } from '@threshold/ports'

/**
 * A session that is subscribed to a guild, as plain data. The hub that runs the guild delivers to
 * it.
 */
export interface Listener {
  readonly userId: UserId
  readonly sessionId: string
}

/** The users who receive an event. A `Set<UserId>` can be used as one. */
export interface Recipients {
  has(user: UserId): boolean
}

/**
 * The sessions that are subscribed to one guild, and the users among them who can view each
 * channel.
 *
 * A message must not cost a permission computation for each of thousands of sessions. The viewers
 * of a channel are therefore computed lazily, by the first event after a permission change, and
 * kept in a set. A delivery then costs one set lookup per session.
 *
 * A user who connects, or whose roles change, is computed alone and added to the existing sets. If
 * a connect invalidated the sets instead, a mass reconnect of n users would cost n computations for
 * each message in between; this way it costs n computations in all.
 */
export interface Audience<L extends Listener = Listener> {
  /** Subscribed sessions. A user may have several. */
  readonly size: number
  /** Every session, whatever channels its user can view. */
  readonly everyone: Recipients
  add(state: GuildState, listener: L): void
  remove(listener: L): void
  sessionsOf(user: UserId): readonly L[]
  users(): Iterable<UserId>
  hasUser(user: UserId): boolean
  /**
   * The subscribed users who can view a channel. The set is live: it changes as users connect and
   * disconnect, until `invalidate` replaces it. Callers must not keep it.
   */
  viewersOf(state: GuildState, channel: ChannelId): ReadonlySet<UserId>
  /**
   * The sessions of these recipients at this moment. The list never changes, so an event that waits
   * to become durable keeps the audience of its place in the log. The same recipients have the same
   * list until the audience changes, so a message allocates none.
   */
  select(recipients: Recipients): readonly L[]
  /** The users among `users` who can view a channel. Computed on each call and not cached. */
  computeViewers(
    state: GuildState,
    channel: ChannelId,
    users: readonly UserId[],
  ): ReadonlySet<UserId>
  /** Drops the cached viewers of one channel, or of all channels, after a permission change. */
  invalidate(channel?: ChannelId): void
  /** Recomputes one user in all cached sets, after a change of the user's own roles. */
  refreshUser(state: GuildState, user: UserId): void
}

export function createAudience<L extends Listener>(permissions: Permissions): Audience<L> {
  const sessionsByUser = new Map<UserId, L[]>()
  const listeners = new Set<L>()
  const viewersByChannel = new Map<ChannelId, Set<UserId>>()
  /**
   * By recipients. A change of the audience replaces the whole map. `invalidate` need not: the next
   * viewers are a new set, and so another key.
   */
  let selections = new WeakMap<Recipients, readonly L[]>()

  const viewersOf = (state: GuildState, channel: ChannelId): Set<UserId> => {
    let viewers = viewersByChannel.get(channel)
    if (!viewers) {
      viewers = new Set(permissions.viewers(state, channel, sessionsByUser.keys()))
      viewersByChannel.set(channel, viewers)
    }
    return viewers
  }
  const refreshUser = (state: GuildState, user: UserId): void => {
    if (!sessionsByUser.has(user)) return
    selections = new WeakMap()
    for (const [channel, viewers] of viewersByChannel) {
      if (permissions.viewers(state, channel, [user]).has(user)) viewers.add(user)
      else viewers.delete(user)
    }
  }
  return {
    get size() {
      return listeners.size
    },
    everyone: { has: () => true },
    add(state, listener) {
      listeners.add(listener)
      selections = new WeakMap()
      const others = sessionsByUser.get(listener.userId)
      // A new array, since callers of `sessionsOf` may be iterating over the old one.
      sessionsByUser.set(listener.userId, [...(others ?? []), listener])
      if (!others) refreshUser(state, listener.userId)
    },
    remove(listener) {
      if (!listeners.delete(listener)) return
      selections = new WeakMap()
      const { userId } = listener
      const remaining = (sessionsByUser.get(userId) ?? []).filter((other) => other !== listener)
      if (remaining.length > 0) {
        sessionsByUser.set(userId, remaining)
        return
      }
      sessionsByUser.delete(userId)
      for (const viewers of viewersByChannel.values()) viewers.delete(userId)
    },
    sessionsOf: (user) => sessionsByUser.get(user) ?? [],
    users: () => sessionsByUser.keys(),
    hasUser: (user) => sessionsByUser.has(user),
    viewersOf,
    select(recipients) {
      let selected = selections.get(recipients)
      if (!selected) {
        selected = [...listeners].filter(({ userId }) => recipients.has(userId))
        selections.set(recipients, selected)
      }
      return selected
    },
    computeViewers: (state, channel, users) => permissions.viewers(state, channel, users),
    invalidate(channel) {
      if (channel === undefined) viewersByChannel.clear()
      else viewersByChannel.delete(channel)
    },
    refreshUser,
  }
}
