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
  PublishReconciler,
  SearchIndex,
} from '@threshold/ports'
import { LRUCache } from 'lru-cache'
import type { GatewayUrl } from '../http/public-address.ts'
import type { ApiRequest, Requester } from './route.ts'

/**
 * All that REST needs from outside. These are ports, so a later stage reuses REST
 * unchanged.
 */
export interface RestPorts {
  readonly metadata: MetadataStore
  readonly messages: MessageStore
  readonly search: SearchIndex
  readonly notifier: Notifier
  readonly hub: GuildHub
  readonly analytics: Analytics
  readonly reconciler: PublishReconciler
}

export interface RestTools {
  readonly tokens: Tokens
  /** A new id. Throws `CLOCK_BEHIND` or `UNAVAILABLE` while none can be made: ADR 25. */
  readonly newId: () => Snowflake
  readonly gatewayUrl: GatewayUrl
}

export interface GuildChannelAccess {
  readonly kind: 'guild'
  readonly guildId: string
  readonly channel: Channel
  readonly member: Member
  /** The member's permissions in the channel. */
  readonly permissions: bigint
  readonly lastMessageId?: MessageId | undefined
}

export interface DirectChannelAccess {
  readonly kind: 'dm'
  readonly guildId?: undefined
  readonly channel: Channel
  /** Both users of the channel. */
  readonly recipients: readonly UserId[]
}

/** A channel that a user can view, and what the user may do there. */
export type ChannelAccess = GuildChannelAccess | DirectChannelAccess

/**
 * Everything that routes share: the ports, and the look-ups that nearly every route begins with.
 */
export interface Context {
  readonly ports: RestPorts
  readonly tools: RestTools
  readonly runtime: Runtime
  /**
   * Users by id; unknown ids are absent. Users never change in this contract, so they are cached
   * without invalidation.
   */
  users(ids: Iterable<UserId>, deadline: Deadline): Promise<ReadonlyMap<UserId, User>>
  /** The user of a verified token. Throws 401 if there is no such user. */
  requireUser(id: UserId, deadline: Deadline): Promise<User>
  /**
   * The channel of the request's path, or `channelId`. Throws the contract's refusal unless the
   * user can view it and has the `needed` permissions there: unknown channel, missing access or
   * missing permissions.
   */
  authorizeChannel(
    request: Requester & Pick<ApiRequest, 'params'>,
    needed: bigint,
    channelId?: ChannelId,
  ): Promise<ChannelAccess>
}

/**
 * Entries of each cache. A cached user takes about 100 bytes, a channel's owner less, so both
 * caches together stay below 4 MB.
 */
const CACHE_ENTRIES = 20_000

/** A channel belongs to a guild, or it is a direct message. */
type ChannelOwner = { readonly guildId: string } | { readonly direct: Channel }

export function createContext(ports: RestPorts, tools: RestTools, runtime: Runtime): Context {
  const users = new LRUCache<UserId, User>({ max: CACHE_ENTRIES })
  /** A channel never changes its guild. All else about it is asked of the guild each time. */
  const owners = new LRUCache<ChannelId, ChannelOwner>({ max: CACHE_ENTRIES })

  const context: Context = {
    ports,
    tools,
    runtime,

    async users(ids, deadline) {
      const wanted = new Set(ids)
      const missing = [...wanted].filter((id) => !users.has(id))
      for (const user of await ports.metadata.users(missing, deadline)) users.set(user.id, user)
      return new Map(
        [...wanted]
          .map((id) => [id, users.get(id)] as const)
          .filter((entry): entry is [UserId, User] => entry[1] !== undefined),
      )
    },

    async requireUser(id, deadline) {
      const user = (await context.users([id], deadline)).get(id)
      if (!user) throw refuse.unauthorized()
      return user
    },

    async authorizeChannel({ userId, params, deadline }, needed, channelId = params.channel!) {
      const owner = owners.get(channelId) ?? (await findOwner(channelId, deadline))
      if ('direct' in owner) {
        const { direct: channel } = owner
        if (!channel.recipients!.includes(userId)) throw refuse.missingAccess()
        return { kind: 'dm', channel, recipients: channel.recipients! }
      }
      // The guild is asked each time. Only what never changes is cached here, so a ban or a changed
      // permission takes effect with the next request.
      const { guildId } = owner
      const access = await ports.hub.access(guildId, [userId], channelId, deadline)
      if (access.kind !== 'found') throw refuse.unknownChannel()
      const found = access.members.get(userId)
      // A member without ViewChannel gets the same answer as a stranger, whatever else is needed.
      if (!found || !hasPermission(found.permissions, Permission.ViewChannel))
        throw refuse.missingAccess()
      if (!hasPermission(found.permissions, needed)) throw refuse.missingPermissions()
      const { channel, lastMessageId } = access
      return { kind: 'guild', guildId, channel: channel!, ...found, lastMessageId }
    },
  }
  return context

  async function findOwner(channelId: ChannelId, deadline: Deadline): Promise<ChannelOwner> {
    const channel = await ports.metadata.channel(channelId, deadline)
    if (!channel) throw refuse.unknownChannel()
    const owner = channel.guildId === undefined ? { direct: channel } : { guildId: channel.guildId }
    owners.set(channelId, owner)
    return owner
  }
}
