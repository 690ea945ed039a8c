import { Permission } from '@threshold/contract'
import type { Channel, GuildState, Member } from '../model.ts'
import { channelPermissions, guildPermissions, has, withOverwrite } from '../permissions.ts'
import type { ChannelPatch, Decision, GuildCommand, GuildEvent, Refusal } from './commands.ts'
import { decideMember } from './decide-member.ts'
import { decideRole } from './decide-role.ts'
import { LIMITS, no, yes } from './decision.ts'

/**
 * What a command does to a guild, or why not. Pure: no clock, no store, no ids of its own, so that every rule is a table of
 * given, when, then. Permissions are checked here, where the state cannot change between the check and the act.
 */
export function decide(state: GuildState, command: GuildCommand): Decision {
  const asker = state.members.get(command.by)
  switch (command.type) {
    case 'member.add':
      return decideMember(state, command)
    case 'member.edit':
    case 'member.role':
    case 'member.remove':
      return asker ? decideMember(state, command) : no('no-access')
    case 'role.create':
    case 'role.edit':
    case 'role.delete':
    case 'roles.move':
      return asker ? decideRole(state, command, asker) : no('no-access')
    default:
      return asker ? decideGuild(state, command, asker) : no('no-access')
  }
}

type GuildOrChannel = Exclude<GuildCommand, { type: `member.${string}` | `role.${string}` | `roles.${string}` }>

function decideGuild(state: GuildState, command: GuildOrChannel, asker: Member): Decision {
  const mine = guildPermissions(state, asker)
  switch (command.type) {
    case 'guild.edit': {
      if (!has(mine, Permission.ManageGuild)) return no('no-permission')
      const { ownerId, systemChannelId, afkChannelId } = command.patch
      if (ownerId !== undefined && asker.user.id !== state.guild.ownerId) return no('no-permission')
      if (ownerId !== undefined && !state.members.has(ownerId)) return no('unknown-member')
      for (const id of [systemChannelId, afkChannelId]) if (id && !state.channels.has(id)) return no('unknown-channel')
      return yes({ type: 'guild.updated', guild: { ...state.guild, ...command.patch } })
    }
    case 'guild.delete':
      return asker.user.id === state.guild.ownerId ? yes({ type: 'guild.deleted' }) : no('no-permission')
    case 'channel.create': {
      const { channel } = command
      if (!has(mine, Permission.ManageChannels)) return no('no-permission')
      if (state.channels.has(channel.id)) return yes()
      if (state.channels.size >= LIMITS.channels) return no('too-many')
      const wrong = wrongParent(state, channel.parentId) ?? (mayGrant(mine, channel.overwrites) ? undefined : 'no-permission')
      return wrong ? no(wrong) : yes({ type: 'channel.created', channel })
    }
    case 'channels.move': {
      if (!has(mine, Permission.ManageChannels)) return no('no-permission')
      const events: GuildEvent[] = []
      for (const { id, position, parentId } of command.moves) {
        const channel = state.channels.get(id)
        if (!channel) return no('unknown-channel')
        const wrong = wrongParent(state, parentId ?? null)
        if (wrong) return no(wrong)
        events.push({
          type: 'channel.updated',
          channel: { ...channel, position: position ?? channel.position, parentId: parentId === undefined ? channel.parentId : parentId },
        })
      }
      return yes(...events)
    }
    default:
      return decideChannel(state, command, asker)
  }
}

type ChannelCommand = Extract<GuildCommand, { type: 'channel.edit' | 'channel.delete' | 'overwrite.put' | 'overwrite.delete' }>

function decideChannel(state: GuildState, command: ChannelCommand, asker: Member): Decision {
  const channel = state.channels.get(command.channelId)
  if (!channel) return no('unknown-channel')
  const mine = channelPermissions(state, asker, channel)
  if (!has(mine, Permission.ViewChannel)) return no('no-access')
  switch (command.type) {
    case 'channel.edit':
      return editChannel(state, channel, command.patch, mine)
    case 'channel.delete': {
      if (!has(mine, Permission.ManageChannels)) return no('no-permission')
      const orphans = [...state.channels.values()].filter((c) => c.parentId === channel.id)
      const homeless: GuildEvent[] = orphans.map((c) => ({ type: 'channel.updated', channel: { ...c, parentId: null } }))
      return yes({ type: 'channel.deleted', channel }, ...homeless)
    }
    case 'overwrite.put': {
      const { overwrite } = command
      if (!has(mine, Permission.ManageRoles) || !mayGrant(mine, [overwrite])) return no('no-permission')
      if (overwrite.type === 0 && !state.roles.has(overwrite.id)) return no('unknown-role')
      const overwrites = withOverwrite(channel.overwrites, overwrite.id, overwrite)
      if (overwrites.length > LIMITS.overwrites) return no('too-many')
      return yes({ type: 'channel.updated', channel: { ...channel, overwrites } })
    }
    case 'overwrite.delete': {
      if (!has(mine, Permission.ManageRoles)) return no('no-permission')
      if (!channel.overwrites.some((o) => o.id === command.targetId)) return no('unknown-overwrite')
      return yes({
        type: 'channel.updated',
        channel: { ...channel, overwrites: withOverwrite(channel.overwrites, command.targetId, undefined) },
      })
    }
  }
}

function editChannel(state: GuildState, channel: Channel, patch: ChannelPatch, mine: bigint): Decision {
  if (!has(mine, Permission.ManageChannels)) return no('no-permission')
  const { parentId, overwrites, type } = patch
  if (type !== undefined && type !== channel.type && !(isText(type) && isText(channel.type))) return no('invalid-channel')
  if (overwrites && !(has(mine, Permission.ManageRoles) && mayGrant(mine, overwrites))) return no('no-permission')
  const wrong = parentId === channel.id ? 'invalid-parent' : wrongParent(state, parentId ?? null)
  return wrong ? no(wrong) : yes({ type: 'channel.updated', channel: { ...channel, ...patch } })
}

const isText = (type: number): boolean => type === 0 || type === 5

function wrongParent(state: GuildState, parentId: string | null): Refusal | undefined {
  if (parentId === null) return undefined
  return state.channels.get(parentId)?.type === 4 ? undefined : 'invalid-parent'
}

/** Nobody may allow or deny in an overwrite what they do not have themselves: it would be a way around the hierarchy. */
function mayGrant(mine: bigint, overwrites: readonly { allow: string; deny: string }[]): boolean {
  return overwrites.every((o) => has(mine, BigInt(o.allow) | BigInt(o.deny)))
}
