import {
  type ChannelId,
  type MessageId,
  Permission,
  refuse,
  type Snowflake,
  type Tokens,
  type UserId,
} from '@threshold/contract'
import { type Channel, hasPermission, type Member, type User } from '@threshold/domain'
import type { Deadline, Runtime } from '@threshold/kit'
import type {
  Analytics,
  GuildHub,
  MessageStore,
  MetadataStore,
  Notifier,
  SearchIndex,
} from '@threshold/ports'
import type { GatewayUrl } from '../http/public-address.ts'

/**
 * What REST stands on. All of it is ports, so the api role of a later stage takes this folder as it
 * is.
 */
export interface RestPorts {
  readonly metadata: MetadataStore
  readonly messages: MessageStore
  readonly search: SearchIndex
  readonly notifier: Notifier
  readonly hub: GuildHub
  readonly analytics: Analytics
}

export interface RestTools {
  readonly tokens: Tokens
  /** A new id. Throws `CLOCK_BEHIND` or `UNAVAILABLE` while none can be made: ADR 25. */
  readonly newId: () => Snowflake
  readonly gatewayUrl: GatewayUrl
}

/** Where a message goes, and what the asker may do there. */
export type Place =
  | {
      readonly kind: 'guild'
      readonly guildId: string
      readonly channel: Channel
      readonly member: Member
      readonly permissions: bigint
      readonly lastMessageId?: MessageId | undefined
    }
  | {
      readonly kind: 'dm'
      readonly guildId?: undefined
      readonly channel: Channel
      readonly recipients: readonly UserId[]
    }

/**
 * What all routes share: the ports, and the three look-ups that nearly each of them begins with.
 */
export interface Context {
  readonly ports: RestPorts
  readonly tools: RestTools
  readonly runtime: Runtime
  /**
   * Users by id; those that do not exist are absent. Users never change in this contract, so they
   * may be remembered.
   */
  people(ids: Iterable<UserId>, deadline: Deadline): Promise<ReadonlyMap<UserId, User>>
  /** The asker themself; a valid token of a user that is gone is 401. */
  self(me: UserId, deadline: Deadline): Promise<User>
  /**
   * A channel that the asker can view, with `needed` permissions; anything else is refused with the
   * contract's code.
   */
  place(me: UserId, channel: ChannelId, needed: bigint, deadline: Deadline): Promise<Place>
}

/**
 * Entries remembered before the oldest make room. A user is about 100 bytes, a channel's home less.
 */
const REMEMBERED = 20_000

export function createContext(ports: RestPorts, tools: RestTools, runtime: Runtime): Context {
  const users = new Map<UserId, User>()
  /**
   * Which guild a channel is in never changes; what the channel is like is asked of the guild each
   * time.
   */
  const homes = new Map<ChannelId, { guildId: string } | { dm: Channel }>()

  const context: Context = {
    ports,
    tools,
    runtime,

    async people(ids, deadline) {
      const wanted = new Set(ids)
      const missing = [...wanted].filter((id) => !users.has(id))
      for (const user of await ports.metadata.users(missing, deadline))
        remember(users, user.id, user)
      return new Map(
        [...wanted]
          .map((id) => [id, users.get(id)] as const)
          .filter((entry): entry is [UserId, User] => entry[1] !== undefined),
      )
    },

    async self(me, deadline) {
      const user = (await context.people([me], deadline)).get(me)
      if (!user) throw refuse.unauthorized()
      return user
    },

    async place(me, channelId, needed, deadline) {
      const home = homes.get(channelId) ?? (await findHome(channelId, deadline))
      if ('dm' in home) {
        if (!home.dm.recipients!.includes(me)) throw refuse.missingAccess()
        return { kind: 'dm', channel: home.dm, recipients: home.dm.recipients! }
      }
      const access = await ports.hub.access(home.guildId, me, channelId, deadline)
      if (access.kind === 'unknown-channel' || access.kind === 'unknown-guild')
        throw refuse.unknownChannel()
      if (
        access.kind === 'not-member' ||
        !hasPermission(access.permissions, Permission.ViewChannel)
      )
        throw refuse.missingAccess()
      if (!hasPermission(access.permissions, needed)) throw refuse.missingPermissions()
      const { member, permissions, lastMessageId } = access
      return {
        kind: 'guild',
        guildId: home.guildId,
        channel: access.channel!,
        member,
        permissions,
        lastMessageId,
      }
    },
  }
  return context

  async function findHome(
    channelId: ChannelId,
    deadline: Deadline,
  ): Promise<{ guildId: string } | { dm: Channel }> {
    const channel = await ports.metadata.channel(channelId, deadline)
    if (!channel) throw refuse.unknownChannel()
    const home = channel.guildId === undefined ? { dm: channel } : { guildId: channel.guildId }
    remember(homes, channelId, home)
    return home
  }
}

function remember<K, V>(map: Map<K, V>, key: K, value: V): void {
  if (map.size >= REMEMBERED) map.delete(map.keys().next().value!)
  map.set(key, value)
}
