import type { GuildId } from '@threshold/contract'
import {
  type Channel,
  channelToWire,
  type GuildEvent,
  type GuildState,
  guildToWire,
  memberToWire,
  roleToWire,
} from '@threshold/domain'
import type { LastMessages } from './last-messages.ts'

/**
 * The dispatch that clients receive for a guild event, and the channel whose viewers receive it
 * (all members if it has none). Undefined for `guild.deleted`: each session learns of it by the end
 * of its subscription.
 */
export function dispatchOf(
  state: GuildState,
  event: GuildEvent,
  lastMessages: Pick<LastMessages, 'get'>,
): { type: string; data: object; channelId?: string } | undefined {
  const guild_id: GuildId = state.guild.id
  const channelDispatch = (type: string, channel: Channel) => ({
    type,
    data: channelToWire(channel, { lastMessageId: lastMessages.get(channel.id) }),
    channelId: channel.id,
  })
  switch (event.type) {
    case 'guild.updated':
      return { type: 'GUILD_UPDATE', data: guildToWire(event.guild, state.roles.values()) }
    case 'guild.deleted':
      return undefined
    case 'channel.created':
      return channelDispatch('CHANNEL_CREATE', event.channel)
    case 'channel.updated':
      return channelDispatch('CHANNEL_UPDATE', event.channel)
    case 'channel.deleted':
      return channelDispatch('CHANNEL_DELETE', event.channel)
    case 'role.created':
      return { type: 'GUILD_ROLE_CREATE', data: { guild_id, role: roleToWire(event.role) } }
    case 'role.updated':
      return { type: 'GUILD_ROLE_UPDATE', data: { guild_id, role: roleToWire(event.role) } }
    case 'role.deleted':
      return { type: 'GUILD_ROLE_DELETE', data: { guild_id, role_id: event.roleId } }
    case 'member.added':
      return { type: 'GUILD_MEMBER_ADD', data: { guild_id, ...memberToWire(event.member) } }
    case 'member.updated':
      return { type: 'GUILD_MEMBER_UPDATE', data: { guild_id, ...memberToWire(event.member) } }
    case 'member.removed':
      return {
        type: 'GUILD_MEMBER_REMOVE',
        data: {
          guild_id,
          user: memberToWire({
            user: event.user,
            nick: null,
            roles: [],
            joinedAt: 0,
            mute: false,
            deaf: false,
          }).user,
        },
      }
  }
}
