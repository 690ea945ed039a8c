import type { ChannelId, RoleId, Snowflake, UserId } from '@threshold/contract'
import type { Channel, Guild, Member, Overwrite, Role, User } from '../model.ts'

/**
 * A request to change a guild, by the user `by`. It is plain data, so that it can be sent to the
 * process that owns the guild. It carries the ids of new things, so that a retried command creates
 * one role and not two.
 */
export type GuildCommand =
  | {
      readonly type: 'guild.edit'
      readonly by: UserId
      readonly patch: Partial<Omit<Guild, 'v' | 'id'>>
    }
  | { readonly type: 'guild.delete'; readonly by: UserId }
  | { readonly type: 'channel.create'; readonly by: UserId; readonly channel: Channel }
  | {
      readonly type: 'channel.edit'
      readonly by: UserId
      readonly channelId: ChannelId
      readonly patch: ChannelPatch
    }
  | { readonly type: 'channel.delete'; readonly by: UserId; readonly channelId: ChannelId }
  | {
      readonly type: 'channels.move'
      readonly by: UserId
      readonly moves: readonly ChannelMove[]
    }
  | {
      readonly type: 'overwrite.put'
      readonly by: UserId
      readonly channelId: ChannelId
      readonly overwrite: Overwrite
    }
  | {
      readonly type: 'overwrite.delete'
      readonly by: UserId
      readonly channelId: ChannelId
      readonly targetId: Snowflake
    }
  | { readonly type: 'role.create'; readonly by: UserId; readonly role: Role }
  | {
      readonly type: 'role.edit'
      readonly by: UserId
      readonly roleId: RoleId
      readonly patch: Partial<Omit<Role, 'id' | 'position'>>
    }
  | { readonly type: 'role.delete'; readonly by: UserId; readonly roleId: RoleId }
  | {
      readonly type: 'roles.move'
      readonly by: UserId
      readonly moves: readonly { id: RoleId; position: number }[]
    }
  | {
      readonly type: 'member.add'
      readonly by: UserId
      readonly user: User
      readonly nick: string | null
      readonly roles: readonly RoleId[]
      readonly joinedAt: number
      readonly invited: boolean
      /** The invite grants membership that ends when the member goes offline without a role. */
      readonly temporary?: boolean
    }
  /** Ends a temporary membership, a while after the member's last session. */
  | { readonly type: 'member.expire'; readonly by: UserId; readonly userId: UserId }
  | {
      readonly type: 'member.edit'
      readonly by: UserId
      readonly userId: UserId
      readonly patch: MemberPatch
    }
  | {
      readonly type: 'member.role'
      readonly by: UserId
      readonly userId: UserId
      readonly roleId: RoleId
      readonly has: boolean
    }
  | { readonly type: 'member.remove'; readonly by: UserId; readonly userId: UserId }

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
