import type { GuildState } from '../model.ts'
import type { GuildEvent } from './commands.ts'

/**
 * The state after an event. Applying an event twice changes nothing more, so a guild may be loaded
 * from the store and then follow a log that starts a little earlier. Only the touched map is
 * copied.
 */
export function evolve(state: GuildState, event: GuildEvent): GuildState {
  switch (event.type) {
    case 'guild.updated':
      return { ...state, guild: event.guild }
    case 'guild.deleted':
      return state
    case 'channel.created':
    case 'channel.updated':
      return { ...state, channels: put(state.channels, event.channel.id, event.channel) }
    case 'channel.deleted':
      return { ...state, channels: without(state.channels, event.channel.id) }
    case 'role.created':
    case 'role.updated':
      return { ...state, roles: put(state.roles, event.role.id, event.role) }
    case 'role.deleted': {
      const holders = [...state.members.values()].filter((m) => m.roles.includes(event.roleId))
      const members = holders.length === 0 ? state.members : new Map(state.members)
      for (const m of holders)
        (members as Map<string, typeof m>).set(m.user.id, {
          ...m,
          roles: m.roles.filter((id) => id !== event.roleId),
        })
      return { ...state, roles: without(state.roles, event.roleId), members }
    }
    case 'member.added':
    case 'member.updated':
      return { ...state, members: put(state.members, event.member.user.id, event.member) }
    case 'member.removed':
      return { ...state, members: without(state.members, event.user.id) }
  }
}

function put<K, V>(map: ReadonlyMap<K, V>, key: K, value: V): ReadonlyMap<K, V> {
  return new Map(map).set(key, value)
}

function without<K, V>(map: ReadonlyMap<K, V>, key: K): ReadonlyMap<K, V> {
  const copy = new Map(map)
  copy.delete(key)
  return copy
}
