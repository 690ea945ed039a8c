import type { GuildState } from '../model.ts'
import type { GuildEvent } from './commands.ts'

/**
 * The events that take a store back to `state`, whatever part of `events` it has written since. A
 * call that failed may have written all, some or nothing; each of these puts what an event touched
 * as it was, and puts nothing that was not there. A deleted guild is not among them: it is made
 * again as a whole.
 */
export function compensatingEvents(state: GuildState, events: readonly GuildEvent[]): GuildEvent[] {
  return events.toReversed().flatMap((event) => undoOne(state, event))
}

function undoOne(state: GuildState, event: GuildEvent): GuildEvent[] {
  switch (event.type) {
    case 'guild.updated':
      return [{ type: 'guild.updated', guild: state.guild }]
    case 'guild.deleted':
      return []
    case 'channel.created':
    case 'channel.updated':
    case 'channel.deleted': {
      const was = state.channels.get(event.channel.id)
      return [
        was
          ? { type: 'channel.updated', channel: was }
          : { type: 'channel.deleted', channel: event.channel },
      ]
    }
    case 'role.created':
    case 'role.updated': {
      const was = state.roles.get(event.role.id)
      return [
        was ? { type: 'role.updated', role: was } : { type: 'role.deleted', roleId: event.role.id },
      ]
    }
    case 'role.deleted': {
      const was = state.roles.get(event.roleId)
      const holders = [...state.members.values()].filter((member) =>
        member.roles.includes(event.roleId),
      )
      const holding = holders.map((member): GuildEvent => ({ type: 'member.updated', member }))
      return was ? [{ type: 'role.updated', role: was }, ...holding] : holding
    }
    case 'member.added':
    case 'member.updated': {
      const was = state.members.get(event.member.user.id)
      return [
        was
          ? { type: 'member.updated', member: was }
          : { type: 'member.removed', user: event.member.user },
      ]
    }
    case 'member.removed': {
      const was = state.members.get(event.user.id)
      return was ? [{ type: 'member.added', member: was }] : []
    }
  }
}
