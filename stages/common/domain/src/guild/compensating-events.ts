import type { GuildState } from '../model.ts'
import type { GuildEvent } from './commands.ts'

/**
 * The events that bring a store back to `state`, whichever of `events` it has written. A failed
 * call may have written all, some or none of them. Each compensating event restores one touched
 * thing, or deletes it if it did not exist. A deleted guild has none: the hub creates it again as a
 * whole.
 */
export function compensatingEvents(state: GuildState, events: readonly GuildEvent[]): GuildEvent[] {
  return events.toReversed().flatMap((event) => compensate(state, event))
}

function compensate(state: GuildState, event: GuildEvent): GuildEvent[] {
  switch (event.type) {
    case 'guild.updated':
      return [{ type: 'guild.updated', guild: state.guild }]
    case 'guild.deleted':
      return []
    case 'channel.created':
    case 'channel.updated':
    case 'channel.deleted': {
      const old = state.channels.get(event.channel.id)
      return [
        old
          ? { type: 'channel.updated', channel: old }
          : { type: 'channel.deleted', channel: event.channel },
      ]
    }
    case 'role.created':
    case 'role.updated': {
      const old = state.roles.get(event.role.id)
      return [
        old ? { type: 'role.updated', role: old } : { type: 'role.deleted', roleId: event.role.id },
      ]
    }
    case 'role.deleted': {
      const old = state.roles.get(event.roleId)
      const holders = [...state.members.values()].filter((member) =>
        member.roles.includes(event.roleId),
      )
      const holding = holders.map((member): GuildEvent => ({ type: 'member.updated', member }))
      return old ? [{ type: 'role.updated', role: old }, ...holding] : holding
    }
    case 'member.added':
    case 'member.updated': {
      const old = state.members.get(event.member.user.id)
      return [
        old
          ? { type: 'member.updated', member: old }
          : { type: 'member.removed', user: event.member.user },
      ]
    }
    case 'member.removed': {
      const old = state.members.get(event.user.id)
      return old ? [{ type: 'member.added', member: old }] : []
    }
  }
}
