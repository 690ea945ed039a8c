import type { GuildId } from '@threshold/contract'
import {
  channelToWire,
  type GuildEvent,
  type GuildState,
  guildToWire,
  memberToWire,
  roleToWire,
} from '@threshold/domain'

import type { LastMessages } from './last-messages.ts'

/**
 * A guild's event as the dispatch that clients know. Undefined: sessions hear of it in another way.
 */
export function dispatchOf(
  state: GuildState,
  event: GuildEvent,
  lastMessages: Pick<LastMessages, 'get'>,
): { type: string; data: object; channelId?: string } | undefined {
  const guild_id: GuildId = state.guild.id
  switch (event.type) {
    case 'guild.updated':
      return { type: 'GUILD_UPDATE', data: guildToWire(event.guild, state.roles.values()) }
    case 'guild.deleted':
      return undefined
    case 'channel.created':
      return {
        type: 'CHANNEL_CREATE',
        data: channelToWire(event.channel, { lastMessageId: lastMessages.get(event.channel.id) }),
        channelId: event.channel.id,
      }
    case 'channel.updated':
      return {
        type: 'CHANNEL_UPDATE',
        data: channelToWire(event.channel, { lastMessageId: lastMessages.get(event.channel.id) }),
        channelId: event.channel.id,
      }
    case 'channel.deleted':
      return {
        type: 'CHANNEL_DELETE',
        data: channelToWire(event.channel, { lastMessageId: lastMessages.get(event.channel.id) }),
        channelId: event.channel.id,
      }
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
