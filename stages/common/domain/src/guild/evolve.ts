import type { GuildState } from '../model.ts'
import type { GuildEvent } from './commands.ts'

/**
 * The state after an event. Idempotent, so that a guild loaded from the store may replay a log that
 * starts a little earlier. Copies only the maps that change.
 */
export function evolve(state: GuildState, event: GuildEvent): GuildState {
  switch (event.type) {
    case 'guild.updated':
      return { ...state, guild: event.guild }
    case 'guild.deleted':
      return state
    case 'channel.created':
    case 'channel.updated':
      return { ...state, channels: withEntry(state.channels, event.channel.id, event.channel) }
    case 'channel.deleted':
      return { ...state, channels: withoutKey(state.channels, event.channel.id) }
    case 'role.created':
    case 'role.updated':
      return { ...state, roles: withEntry(state.roles, event.role.id, event.role) }
    case 'role.deleted': {
      const holders = [...state.members.values()].filter((m) => m.roles.includes(event.roleId))
      const members = holders.length === 0 ? state.members : new Map(state.members)
      for (const m of holders)
        (members as Map<string, typeof m>).set(m.user.id, {
          ...m,
          roles: m.roles.filter((id) => id !== event.roleId),
        })
      return { ...state, roles: withoutKey(state.roles, event.roleId), members }
    }
    case 'member.added':
    case 'member.updated':
      return { ...state, members: withEntry(state.members, event.member.user.id, event.member) }
    case 'member.removed':
      return { ...state, members: withoutKey(state.members, event.user.id) }
  }
}

function withEntry<K, V>(map: ReadonlyMap<K, V>, key: K, value: V): ReadonlyMap<K, V> {
  return new Map(map).set(key, value)
}

function withoutKey<K, V>(map: ReadonlyMap<K, V>, key: K): ReadonlyMap<K, V> {
  const copy = new Map(map)
  copy.delete(key)
  return copy
}
