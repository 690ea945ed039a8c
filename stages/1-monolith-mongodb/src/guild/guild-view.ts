import { Permission, type UserId } from '@threshold/contract'
import {
  channelPermissions,
  type GuildState,
  type GuildView,
  guildView,
  hasPermission,
  type Member,
  type Presence,
  type VoiceState,
} from '@threshold/domain'
import type { LastMessages } from './last-messages.ts'

/**
 * How many members a view carries. Clients request the others in chunks. Discord calls a guild with
 * more members `large`.
 */
export const LARGE_GUILD = 250

/** The guild as a member sees it, or undefined for a user who is not a member. */
export function guildViewFor(
  state: GuildState,
  user: UserId,
  live: { readonly voiceStates: Iterable<VoiceState>; readonly lastMessages: LastMessages },
): GuildView | undefined {
  const member = state.members.get(user)
  if (!member) return undefined
  const channels = [...state.channels.values()].filter((channel) =>
    hasPermission(channelPermissions(state, member, channel), Permission.ViewChannel),
  )
  const visible = new Set(channels.map(({ id }) => id))
  return guildView(state, member, {
    channels,
    voiceStates: [...live.voiceStates].filter(({ channelId }) => visible.has(channelId)),
    lastMessages: live.lastMessages.forChannels(visible),
  })
}

/**
 * The members that a new session receives first, and their presences.
 *
 * A small guild sends all of its members. A large one sends only online members, and never more
 * than `LARGE_GUILD`: otherwise two thousand sessions that return after a restart would receive two
 * thousand members each.
 */
export function initialMembers(
  { members: allMembers }: GuildState,
  { userId, presence }: { readonly userId: UserId; readonly presence: Presence },
  online: ReadonlyMap<UserId, Presence>,
): { members: Member[]; presences: ReadonlyMap<UserId, Presence> } {
  const userIds =
    allMembers.size <= LARGE_GUILD
      ? allMembers.keys()
      : new Set([userId, ...online.keys().take(LARGE_GUILD - 1)]).values()
  const members = [...userIds].flatMap((user) => allMembers.get(user) ?? [])
  // The session's own presence is included at once, although it is published only after a delay.
  const own = presence.status === 'offline' ? [] : [[userId, presence] as const]
  const published = members.flatMap(({ user: { id } }) =>
    online.has(id) ? [[id, online.get(id)!] as const] : [],
  )
  return { members, presences: new Map([...own, ...published]) }
}
