import type { ChannelId, GuildId, UserId } from '@threshold/contract'
import type { Channel, GuildEvent, GuildState, Invite, User } from '@threshold/domain'
import type { Deadline } from '@threshold/kit'

/**
 * Stores users, guilds, channels, members and invites: small data that is read often and changes
 * seldom. Messages have a store of their own, because they are the first to outgrow a database.
 * Rejects with `UNAVAILABLE` or `DEADLINE_EXCEEDED` only.
 */
export interface MetadataStore extends AsyncDisposable {
  /** Idempotent by id: an existing user is left unchanged. */
  createUser(user: User, deadline: Deadline): Promise<void>
  users(ids: readonly UserId[], deadline: Deadline): Promise<readonly User[]>

  /**
   * Stores a new guild with its first roles, channels and members. Idempotent by id: what is
   * already stored is left unchanged.
   */
  createGuild(state: GuildState, deadline: Deadline): Promise<void>
  /**
   * The whole guild with all members; undefined if there is none. Lab 1.5 measures what these loads
   * cost after a restart.
   */
  loadGuild(id: GuildId, deadline: Deadline): Promise<GuildState | undefined>
  /**
   * Stores the events of a guild. Each event is an idempotent write, so a failed call may be
   * repeated. Other guilds are safe: an event with a channel id that belongs to another guild is
   * rejected, and deleting such a channel does nothing.
   */
  record(guild: GuildId, events: readonly GuildEvent[], deadline: Deadline): Promise<void>

  /** A channel with its guild, or with its recipients if it is a direct message. */
  channel(id: ChannelId, deadline: Deadline): Promise<Channel | undefined>
  /**
   * Up to `limit` channels of all guilds, by ascending id, with ids after `after`. To rebuild what
   * is derived from the messages of all guilds.
   */
  guildChannels(
    page: { readonly after?: ChannelId; readonly limit: number },
    deadline: Deadline,
  ): Promise<readonly Channel[]>
  guildsOf(user: UserId, deadline: Deadline): Promise<readonly GuildId[]>

  /**
   * Guilds with temporary members. Their owner has to notice after a restart which of them do not
   * come back.
   */
  guildsWithTemporaryMembers(deadline: Deadline): Promise<readonly GuildId[]>

  /**
   * The one direct message channel of two users. Stores `candidate` if they have none; of two
   * concurrent calls both resolve to the same channel.
   */
  openDm(candidate: Channel, deadline: Deadline): Promise<Channel>
  dmsOf(user: UserId, deadline: Deadline): Promise<readonly Channel[]>

  /** Idempotent by code: an existing invite keeps its number of uses. */
  createInvite(invite: Invite, deadline: Deadline): Promise<void>
  /** Undefined if there is no such invite, or it has expired. */
  invite(code: string, deadline: Deadline): Promise<Invite | undefined>
  invitesOf(channel: ChannelId, deadline: Deadline): Promise<readonly Invite[]>
  /** Up to a thousand invites. */
  invitesOfGuild(guild: GuildId, deadline: Deadline): Promise<readonly Invite[]>
  removeInvite(code: string, deadline: Deadline): Promise<void>
  /** Takes one use; false when none is left. Two concurrent calls never share the last one. */
  useInvite(code: string, deadline: Deadline): Promise<boolean>
  /**
   * Returns one use to an invite whose user was not let in. Call it once for each successful
   * `useInvite`, and do not retry it: a lost use is a nuisance, one use too many lets a user in.
   */
  giveBackInvite(code: string, deadline: Deadline): Promise<void>

  /**
   * Resolves when a write and a read succeed, and rejects as they would. Stores nothing that
   * accumulates. For /readyz.
   */
  ping(deadline: Deadline): Promise<void>
}
