import type { ChannelId, RoleId, Snowflake, UserId } from '@threshold/contract'
import type { Channel, Guild, Member, Overwrite, Role, User } from '../model.ts'

/**
 * What may be asked of a guild. Plain data with the asker in it, so that a command can be sent to
 * wherever the guild lives. New ids come with the command: asking twice makes one role, not two.
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
      /** By an invite that gives membership until the member goes offline without a role. */
      readonly temporary?: boolean
    }
  /** The member's last session ended a while ago: a temporary membership ends. */
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
  /** Takes the overwrites of the category that the channel is in afterwards. */
  readonly lockPermissions?: boolean
}

export type ChannelPatch = Partial<Omit<Channel, 'v' | 'id' | 'guildId' | 'recipients'>>
export type MemberPatch = Partial<Pick<Member, 'nick' | 'roles' | 'mute' | 'deaf'>>

/**
 * What happened to a guild. A store keeps it, the guild's memory follows it, sessions hear of it:
 * the same fact for all.
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

/** Why a guild said no. REST answers each with one of the contract's errors. */
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
