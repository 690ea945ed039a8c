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
import type { Subscriber } from '@threshold/ports'
import type { LastMessages } from './last-messages.ts'

/**
 * How many members a view carries; the rest come in chunks when asked for. Discord calls a guild
 * beyond it `large`.
 */
export const LARGE_GUILD = 250

/** The guild as a member sees it; undefined for who is none. */
export function guildViewFor(
  state: GuildState,
  user: UserId,
  now: { readonly voiceStates: Iterable<VoiceState>; readonly lastMessages: LastMessages },
): GuildView | undefined {
  const me = state.members.get(user)
  if (!me) return undefined
  const channels = [...state.channels.values()].filter((c) =>
    hasPermission(channelPermissions(state, me, c), Permission.ViewChannel),
  )
  const visible = new Set(channels.map((c) => c.id))
  const voiceStates = [...now.voiceStates].filter((v) => visible.has(v.channelId))
  return guildView(state, me, {
    channels,
    voiceStates,
    lastMessages: now.lastMessages.forChannels(visible),
  })
}

/**
 * The members that a new session is shown, and their presences. A large guild shows only its online
 * members, and never more than a view holds: two thousand who come back after a restart would
 * otherwise be sent two thousand members each. Clients ask for the rest in chunks.
 */
export function initialMembers(
  { members: people }: GuildState,
  { userId, presence }: Pick<Subscriber, 'userId' | 'presence'>,
  online: ReadonlyMap<UserId, Presence>,
): { members: Member[]; presences: ReadonlyMap<UserId, Presence> } {
  const listed =
    people.size <= LARGE_GUILD
      ? people.keys()
      : new Set([userId, ...online.keys().take(LARGE_GUILD - 1)]).values()
  const members = [...listed].flatMap((user) => people.get(user) ?? [])
  // Its own presence it knows, before anybody is told.
  const own = presence.status === 'offline' ? [] : [[userId, presence] as const]
  const others = members.flatMap(({ user: { id } }) =>
    online.has(id) ? [[id, online.get(id)!] as const] : [],
  )
  return { members, presences: new Map([...own, ...others]) }
}
