import { Permission, type UserId } from '@threshold/contract'
import type { Channel, Guild, GuildState, Member } from '../model.ts'
import { guildPermissions, hasPermission } from '../permissions.ts'
import { isTextChannel } from './channel-name.ts'
import type { Decision, GuildCommand, Refusal } from './commands.ts'
import { decideChannel } from './decide-channel.ts'
import { decideMember } from './decide-member.ts'
import { decideRole } from './decide-role.ts'
import { accepted, refused } from './decision.ts'

/**
 * Decides on a command: the events it causes, or why it is refused. Pure: it uses no clock, no
 * store and no ids of its own. It checks permissions as well, because the state cannot change
 * between the check and the decision.
 *
 * Calls are not part of a guild's state, so the caller passes in `inCall`. Only members in a call
 * can be muted or deafened.
 */
export function decide(
  state: GuildState,
  command: GuildCommand,
  inCall: (user: UserId) => boolean = () => true,
): Decision {
  const requester = state.members.get(command.by)
  switch (command.type) {
    case 'member.add':
      return decideMember(state, command, inCall)
    case 'member.edit':
    case 'member.role':
    case 'member.remove':
    case 'member.expire':
      return requester ? decideMember(state, command, inCall) : refused('no-access')
    case 'role.create':
    case 'role.edit':
    case 'role.delete':
    case 'roles.move':
      return requester ? decideRole(state, command, requester) : refused('no-access')
    default:
      return requester ? decideGuild(state, command, requester) : refused('no-access')
  }
}

type GuildOrChannel = Exclude<
  GuildCommand,
  { type: `member.${string}` | `role.${string}` | `roles.${string}` }
>

function decideGuild(state: GuildState, command: GuildOrChannel, requester: Member): Decision {
  const permissions = guildPermissions(state, requester)
  switch (command.type) {
    case 'guild.edit': {
      if (!hasPermission(permissions, Permission.ManageGuild)) return refused('no-permission')
      const { ownerId } = command.patch
      if (ownerId !== undefined && requester.user.id !== state.guild.ownerId)
        return refused('no-permission')
      if (ownerId !== undefined && !state.members.has(ownerId)) return refused('unknown-member')
      const refusal = channelRefusal(state, command.patch)
      if (refusal) return refused(refusal)
      return accepted({ type: 'guild.updated', guild: { ...state.guild, ...command.patch } })
    }
    case 'guild.delete':
      return requester.user.id === state.guild.ownerId
        ? accepted({ type: 'guild.deleted' })
        : refused('no-permission')
    default:
      return decideChannel(state, command, requester)
  }
}

/** The system channel has to be a text channel, and the AFK channel a voice channel. */
function channelRefusal(
  state: GuildState,
  { systemChannelId, afkChannelId }: Partial<Guild>,
): Refusal | undefined {
  const find = (id: string | null | undefined): Channel | undefined =>
    id ? state.channels.get(id) : undefined
  const [system, afk] = [find(systemChannelId), find(afkChannelId)]
  if ((systemChannelId && !system) || (afkChannelId && !afk)) return 'unknown-channel'
  if (system && !isTextChannel(system.type)) return 'invalid-system-channel'
  return afk && afk.type !== 2 ? 'invalid-afk-channel' : undefined
}
