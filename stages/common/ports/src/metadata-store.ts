import type { ChannelId, GuildId, UserId } from '@threshold/contract'
import type { Channel, GuildEvent, GuildState, Invite, User } from '@threshold/domain'
import type { Deadline } from '@threshold/kit'

/**
 * Users, guilds, channels, members, invites: small data, read often, changed seldom. Messages are
 * not here, since they are what outgrows a database first. Rejects with `UNAVAILABLE` or
 * `DEADLINE_EXCEEDED` alone.
 */
export interface MetadataStore extends AsyncDisposable {
  /** Idempotent by id: who is there already stays as they are. */
  createUser(user: User, deadline: Deadline): Promise<void>
  users(ids: readonly UserId[], deadline: Deadline): Promise<readonly User[]>

  /**
   * A new guild with its first roles, channels and members. Idempotent by id: what is there already
   * stays as it has become.
   */
  createGuild(state: GuildState, deadline: Deadline): Promise<void>
  /**
   * All of a guild, members included; undefined where there is none. What a guild costs to wake up:
   * see lab 1.5.
   */
  loadGuild(id: GuildId, deadline: Deadline): Promise<GuildState | undefined>
  /**
   * Keeps what happened. Each event is an idempotent write, so repeating a failed call is safe.
   * Nothing of another guild changes: an event with a channel id that is taken there is refused,
   * and deleting such a channel does nothing.
   */
  record(guild: GuildId, events: readonly GuildEvent[], deadline: Deadline): Promise<void>

  /** Where a channel belongs: its guild, or for a direct message its recipients. */
  channel(id: ChannelId, deadline: Deadline): Promise<Channel | undefined>
  guildsOf(user: UserId, deadline: Deadline): Promise<readonly GuildId[]>

  /** Guilds with temporary members: after a restart their owner has to watch who comes back. */
  guildsWithTemporaryMembers(deadline: Deadline): Promise<readonly GuildId[]>

  /**
   * The one direct message channel of two users; made from `candidate` where there is none yet,
   * also when both ask at once.
   */
  openDm(candidate: Channel, deadline: Deadline): Promise<Channel>
  dmsOf(user: UserId, deadline: Deadline): Promise<readonly Channel[]>

  /** Idempotent by code: an invite that is there already keeps the uses it has had. */
  createInvite(invite: Invite, deadline: Deadline): Promise<void>
  /** Undefined where there is none, or it has run out. */
  invite(code: string, deadline: Deadline): Promise<Invite | undefined>
  invitesOf(channel: ChannelId, deadline: Deadline): Promise<readonly Invite[]>
  /** At most a thousand. */
  invitesOfGuild(guild: GuildId, deadline: Deadline): Promise<readonly Invite[]>
  removeInvite(code: string, deadline: Deadline): Promise<void>
  /** Takes one use; false when none is left. Two who ask at once can't both have the last. */
  useInvite(code: string, deadline: Deadline): Promise<boolean>
  /**
   * Gives one use back, for who took it and then did not get in. Once for each `useInvite` that
   * took one: after a failure that leaves open whether it was done, it is not repeated. A lost use
   * is a nuisance; one too many lets somebody in.
   */
  giveBackInvite(code: string, deadline: Deadline): Promise<void>

  /**
   * Resolves when a write and a read succeed now, and rejects as they would. Leaves nothing behind
   * that grows. For /readyz.
   */
  ping(deadline: Deadline): Promise<void>
}
