import type { ChannelId, UserId } from '@threshold/contract'
import type { GuildState } from '@threshold/domain'
import type { Permissions, Subscriber } from '@threshold/ports'

/**
 * Who is listening to a guild, and which of its channels each may see. What a channel's viewers are is computed when first
 * asked after a change of permissions, and then is one look-up per session: a message must not cost a permission computation
 * for each of thousands of listeners.
 */
export interface Audience {
  readonly size: number
  add(subscriber: Subscriber): void
  remove(subscriber: Subscriber): void
  of(user: UserId): readonly Subscriber[]
  all(): Iterable<Subscriber>
  users(): Iterable<UserId>
  sees(state: GuildState, user: UserId, channel: ChannelId): boolean
  /** Forgets what was computed: roles, overwrites or members have changed. */
  changed(): void
}

export function createAudience(permissions: Permissions): Audience {
  const byUser = new Map<UserId, Subscriber[]>()
  const everyone = new Set<Subscriber>()
  const viewers = new Map<ChannelId, ReadonlySet<UserId>>()
  return {
    get size() {
      return everyone.size
    },
    add(subscriber) {
      everyone.add(subscriber)
      byUser.set(subscriber.userId, [...(byUser.get(subscriber.userId) ?? []), subscriber])
      viewers.clear()
    },
    remove(subscriber) {
      if (!everyone.delete(subscriber)) return
      const left = (byUser.get(subscriber.userId) ?? []).filter((s) => s !== subscriber)
      if (left.length > 0) byUser.set(subscriber.userId, left)
      else byUser.delete(subscriber.userId)
    },
    of: (user) => byUser.get(user) ?? [],
    all: () => everyone,
    users: () => byUser.keys(),
    sees(state, user, channel) {
      let allowed = viewers.get(channel)
      if (!allowed) {
        allowed = permissions.viewers(state, channel, byUser.keys())
        viewers.set(channel, allowed)
      }
      return allowed.has(user)
    },
    changed: () => viewers.clear(),
  }
}
