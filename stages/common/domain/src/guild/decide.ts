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
 * What a command does to a guild, or why not. Pure: no clock, no store, no ids of its own, so that
 * every rule is a table of given, when, then. Permissions are checked here, where the state cannot
 * change between the check and the act. Calls are not in a guild's state: whoever keeps them says
 * who is in one, since nobody else can be muted or deafened.
 */
export function decide(
  state: GuildState,
  command: GuildCommand,
  inCall: (user: UserId) => boolean = () => true,
): Decision {
  const asker = state.members.get(command.by)
  switch (command.type) {
    case 'member.add':
      return decideMember(state, command, inCall)
    case 'member.edit':
    case 'member.role':
    case 'member.remove':
    case 'member.expire':
      return asker ? decideMember(state, command, inCall) : refused('no-access')
    case 'role.create':
    case 'role.edit':
    case 'role.delete':
    case 'roles.move':
      return asker ? decideRole(state, command, asker) : refused('no-access')
    default:
      return asker ? decideGuild(state, command, asker) : refused('no-access')
  }
}

type GuildOrChannel = Exclude<
  GuildCommand,
  { type: `member.${string}` | `role.${string}` | `roles.${string}` }
>

function decideGuild(state: GuildState, command: GuildOrChannel, asker: Member): Decision {
  const mine = guildPermissions(state, asker)
  switch (command.type) {
    case 'guild.edit': {
      if (!hasPermission(mine, Permission.ManageGuild)) return refused('no-permission')
      const { ownerId } = command.patch
      if (ownerId !== undefined && asker.user.id !== state.guild.ownerId)
        return refused('no-permission')
      if (ownerId !== undefined && !state.members.has(ownerId)) return refused('unknown-member')
      const wrong = wrongChannel(state, command.patch)
      if (wrong) return refused(wrong)
      return accepted({ type: 'guild.updated', guild: { ...state.guild, ...command.patch } })
    }
    case 'guild.delete':
      return asker.user.id === state.guild.ownerId
        ? accepted({ type: 'guild.deleted' })
        : refused('no-permission')
    default:
      return decideChannel(state, command, asker)
  }
}

/** Welcome notices are text, and the absent wait in a voice channel. */
function wrongChannel(
  state: GuildState,
  { systemChannelId, afkChannelId }: Partial<Guild>,
): Refusal | undefined {
  const named = (id: string | null | undefined): Channel | undefined =>
    id ? state.channels.get(id) : undefined
  const [system, afk] = [named(systemChannelId), named(afkChannelId)]
  if ((systemChannelId && !system) || (afkChannelId && !afk)) return 'unknown-channel'
  if (system && !isTextChannel(system.type)) return 'invalid-system-channel'
  return afk && afk.type !== 2 ? 'invalid-afk-channel' : undefined
}
