import type { ChannelId, RoleId, Snowflake, UserId } from '@threshold/contract'
import type { Channel, Guild, Member, Overwrite, Role, User } from '../model.ts'

/**
 * A request to change a guild. It is plain data, so that it can be sent to the process that owns
 * the guild. It carries the ids of new things, so that a retried command creates one role and not
 * two.
 */
export type GuildCommand = {
  /** The user who makes the request. */
  readonly by: UserId
} & (
  | { readonly type: 'guild.edit'; readonly patch: Partial<Omit<Guild, 'v' | 'id'>> }
  | { readonly type: 'guild.delete' }
  | { readonly type: 'channel.create'; readonly channel: Channel }
  | { readonly type: 'channel.edit'; readonly channelId: ChannelId; readonly patch: ChannelPatch }
  | { readonly type: 'channel.delete'; readonly channelId: ChannelId }
  | { readonly type: 'channels.move'; readonly moves: readonly ChannelMove[] }
  | {
      readonly type: 'overwrite.put'
      readonly channelId: ChannelId
      readonly overwrite: Overwrite
    }
  | {
      readonly type: 'overwrite.delete'
      readonly channelId: ChannelId
      readonly targetId: Snowflake
    }
  | { readonly type: 'role.create'; readonly role: Role }
  | {
      readonly type: 'role.edit'
      readonly roleId: RoleId
      readonly patch: Partial<Omit<Role, 'id' | 'position'>>
    }
  | { readonly type: 'role.delete'; readonly roleId: RoleId }
  | {
      readonly type: 'roles.move'
      readonly moves: readonly { id: RoleId; position: number }[]
    }
  | {
      readonly type: 'member.add'
      readonly user: User
      readonly nick: string | null
      readonly roles: readonly RoleId[]
      readonly joinedAt: number
      readonly invited: boolean
      /** The invite grants membership that ends when the member goes offline without a role. */
      readonly temporary?: boolean
    }
  | { readonly type: 'member.edit'; readonly userId: UserId; readonly patch: MemberPatch }
  | {
      readonly type: 'member.role'
      readonly userId: UserId
      readonly roleId: RoleId
      readonly has: boolean
    }
  | { readonly type: 'member.remove'; readonly userId: UserId }
  /** Ends a temporary membership, a while after the member's last session. */
  | { readonly type: 'member.expire'; readonly userId: UserId }
)

export interface ChannelMove {
  readonly id: ChannelId
  readonly position?: number
  readonly parentId?: ChannelId | null
  /** Copies the overwrites of the new category to the channel. */
  readonly lockPermissions?: boolean
}

export type ChannelPatch = Partial<Omit<Channel, 'v' | 'id' | 'guildId' | 'recipients'>>
export type MemberPatch = Partial<Pick<Member, 'nick' | 'roles' | 'mute' | 'deaf'>>

/**
 * A change of a guild that was decided. The store records it, the guild's state in memory evolves
 * by it, and sessions receive a dispatch made of it.
 */
export type GuildEvent =
  | { readonly type: 'guild.updated'; readonly guild: Guild }
  | { readonly type: 'guild.deleted' }
  | { readonly type: 'channel.created'; readonly channel: Channel }
  | { readonly type: 'channel.updated'; readonly channel: Channel }
  | { readonly type: 'channel.deleted'; readonly channel: Channel }
  | { readonly type: 'role.created'; readonly role: Role }
  | { readonly type: 'role.updated'; readonly role: Role }
  | { readonly type: 'role.deleted'; readonly roleId: RoleId }
  | { readonly type: 'member.added'; readonly member: Member }
  | { readonly type: 'member.updated'; readonly member: Member }
  | { readonly type: 'member.removed'; readonly user: User }

/** Why a command was refused. REST maps each to one of the contract's errors. */
export type Refusal =
  | 'unknown-channel'
  | 'unknown-role'
  | 'unknown-member'
  | 'unknown-user'
  | 'unknown-overwrite'
  | 'not-in-call'
  | 'no-access'
  | 'no-permission'
  | 'invalid-role'
  | 'invalid-parent'
  | 'full-category'
  | 'invalid-channel'
  | 'invalid-name'
  | 'invalid-system-channel'
  | 'invalid-afk-channel'
  | 'too-many'

export type Decision =
  | { readonly ok: true; readonly events: readonly GuildEvent[] }
  | { readonly ok: false; readonly refusal: Refusal }
