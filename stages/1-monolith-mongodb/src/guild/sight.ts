import type { ChannelId, UserId } from '@threshold/contract'
import type { GuildEvent, GuildState, Overwrite } from '@threshold/domain'
import type { Audience } from './audience.ts'

/** Whose sight of which channels an event may change. Whatever is not named here is not compared before and after. */
export interface Affected {
  readonly channels: readonly ChannelId[]
  /** Undefined: anybody's. */
  readonly user?: UserId
}

/**
 * A new colour for a role, or a new topic for a channel, changes nobody's sight: to compute everybody's sight of everything
 * for it would stop a guild of 10,000 listeners and 500 channels for seconds.
 */
export function affectedBy(before: GuildState, event: GuildEvent): Affected | undefined {
  switch (event.type) {
    case 'channel.updated': {
      const old = before.channels.get(event.channel.id)
      return old && shape(old.overwrites) !== shape(event.channel.overwrites) ? { channels: [event.channel.id] } : undefined
    }
    case 'role.updated':
      return before.roles.get(event.role.id)?.permissions === event.role.permissions ? undefined : everyChannel(before)
    case 'role.deleted':
      return everyChannel(before)
    case 'guild.updated':
      return event.guild.ownerId === before.guild.ownerId ? undefined : everyChannel(before)
    case 'member.updated': {
      const { roles, user } = event.member
      return before.members.get(user.id)?.roles.join() === roles.join() ? undefined : { ...everyChannel(before), user: user.id }
    }
    default:
      return undefined
  }
}

const everyChannel = (state: GuildState): Affected => ({ channels: [...state.channels.keys()] })
const shape = (overwrites: readonly Overwrite[]): string => overwrites.map((o) => `${o.type}${o.id} ${o.allow} ${o.deny}`).join()

/** Who of the listeners sees each of the affected channels: a picture that stays as it is when the audience changes. */
export type Sight = ReadonlyMap<ChannelId, ReadonlySet<UserId>>

export function sightOf(audience: Audience, state: GuildState, { channels, user }: Affected): Sight {
  if (user === undefined) return new Map(channels.map((id) => [id, new Set(audience.viewers(state, id))]))
  return new Map(channels.map((id) => [id, new Set(audience.sees(state, user, id) ? [user] : [])]))
}

export interface Change {
  readonly channel: ChannelId
  readonly gained: ReadonlySet<UserId>
  readonly lost: ReadonlySet<UserId>
}

/** What has changed since: only channels in which it has for somebody. */
export function* changesSince(before: Sight, after: Sight): Iterable<Change> {
  for (const [channel, saw] of before) {
    const sees = after.get(channel) ?? new Set()
    const gained = without(sees, saw)
    const lost = without(saw, sees)
    if (gained.size > 0 || lost.size > 0) yield { channel, gained, lost }
  }
}

const without = (all: ReadonlySet<UserId>, some: ReadonlySet<UserId>): Set<UserId> => {
  const left = new Set<UserId>()
  for (const user of all) if (!some.has(user)) left.add(user)
  return left
}
