import type { ChannelId, UserId } from '@threshold/contract'
import { channelPermissions, type GuildState, guildPermissions } from '@threshold/domain'
import type { Access, MemberAccess } from '@threshold/ports'
import type { LastMessages } from './last-messages.ts'

/**
 * The permissions of users in a guild, or in one of its channels. They are computed for each call
 * and never cached: a member who was banned a moment ago must not send another message.
 */
export function accessTo(
  state: GuildState,
  users: readonly UserId[],
  channelId: ChannelId | undefined,
  lastMessages: Pick<LastMessages, 'get'>,
): Access {
  const channel = channelId === undefined ? undefined : state.channels.get(channelId)
  if (channelId !== undefined && !channel) return { kind: 'unknown-channel' }
  const members = new Map<UserId, MemberAccess>()
  for (const user of users) {
    const member = state.members.get(user)
    if (!member) continue
    const permissions = channel
      ? channelPermissions(state, member, channel)
      : guildPermissions(state, member)
    members.set(user, { member, permissions })
  }
  const lastMessageId = channel && lastMessages.get(channel.id)
  return {
    kind: 'found',
    members,
    ...(channel ? { channel } : {}),
    ...(lastMessageId ? { lastMessageId } : {}),
  }
}
