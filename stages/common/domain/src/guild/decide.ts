import { Permission, type UserId } from '@threshold/contract'
import type { Channel, Guild, GuildState, Member, Overwrite } from '../model.ts'
import { channelPermissions, guildPermissions, has, withOverwrite } from '../permissions.ts'
import type { ChannelPatch, Decision, GuildCommand, GuildEvent, Refusal } from './commands.ts'
import { decideMember } from './decide-member.ts'
import { decideRole } from './decide-role.ts'
import { LIMITS, no, yes } from './decision.ts'

/**
 * What a command does to a guild, or why not. Pure: no clock, no store, no ids of its own, so that every rule is a table of
 * given, when, then. Permissions are checked here, where the state cannot change between the check and the act.
 * Calls are not in a guild's state: whoever keeps them says who is in one, since nobody else can be muted or deafened.
 */
export function decide(state: GuildState, command: GuildCommand, inCall: (user: UserId) => boolean = () => true): Decision {
  const asker = state.members.get(command.by)
  switch (command.type) {
    case 'member.add':
      return decideMember(state, command, inCall)
    case 'member.edit':
    case 'member.role':
    case 'member.remove':
      return asker ? decideMember(state, command, inCall) : no('no-access')
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
      const channel = { ...command.channel, overwrites: onePerTarget(command.channel.overwrites) }
      if (!has(mine, Permission.ManageChannels)) return no('no-permission')
      if (state.channels.has(channel.id)) return yes()
      if (state.channels.size >= LIMITS.channels) return no('too-many')
      const wrong = wrongParent(state, channel, channel.parentId) ?? (mayChange(mine, [], channel.overwrites) ? undefined : 'no-permission')
      return wrong ? no(wrong) : yes({ type: 'channel.created', channel })
    }
    case 'channels.move': {
      if (!has(mine, Permission.ManageChannels)) return no('no-permission')
      const events: GuildEvent[] = []
      for (const { id, position, parentId } of command.moves) {
        const channel = state.channels.get(id)
        if (!channel) return no('unknown-channel')
        const wrong = wrongParent(state, channel, parentId ?? null)
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
  const own = mine | guildPermissions(state, asker)
  if (!has(mine, Permission.ViewChannel)) return no('no-access')
  switch (command.type) {
    case 'channel.edit':
      return editChannel(state, channel, command.patch, mine, own)
    case 'channel.delete': {
      if (!has(mine, Permission.ManageChannels)) return no('no-permission')
      const orphans = [...state.channels.values()].filter((c) => c.parentId === channel.id)
      const homeless: GuildEvent[] = orphans.map((c) => ({ type: 'channel.updated', channel: { ...c, parentId: null } }))
      return yes({ type: 'channel.deleted', channel }, ...homeless, ...withoutChannel(state.guild, channel.id))
    }
    case 'overwrite.put': {
      const { overwrite } = command
      if (!has(mine, Permission.ManageRoles)) return no('no-permission')
      if (overwrite.type === 0 && !state.roles.has(overwrite.id)) return no('unknown-role')
      const overwrites = withOverwrite(channel.overwrites, overwrite.id, overwrite)
      if (!mayChange(own, channel.overwrites, overwrites)) return no('no-permission')
      if (overwrites.length > LIMITS.overwrites) return no('too-many')
      return yes({ type: 'channel.updated', channel: { ...channel, overwrites } })
    }
    case 'overwrite.delete': {
      if (!has(mine, Permission.ManageRoles)) return no('no-permission')
      if (!channel.overwrites.some((o) => o.id === command.targetId)) return no('unknown-overwrite')
      const overwrites = withOverwrite(channel.overwrites, command.targetId, undefined)
      if (!mayChange(own, channel.overwrites, overwrites)) return no('no-permission')
      return yes({ type: 'channel.updated', channel: { ...channel, overwrites } })
    }
  }
}

function editChannel(state: GuildState, channel: Channel, patch: ChannelPatch, mine: bigint, own: bigint): Decision {
  if (!has(mine, Permission.ManageChannels)) return no('no-permission')
  const { parentId, type } = patch
  const overwrites = patch.overwrites && onePerTarget(patch.overwrites)
  if (type !== undefined && type !== channel.type && !(isText(type) && isText(channel.type))) return no('invalid-channel')
  if (overwrites && !(has(mine, Permission.ManageRoles) && mayChange(own, channel.overwrites, overwrites))) return no('no-permission')
  const wrong = wrongParent(state, channel, parentId ?? null)
  return wrong
    ? no(wrong)
    : yes({ type: 'channel.updated', channel: { ...channel, ...patch, overwrites: overwrites ?? channel.overwrites } })
}

/** A guild does not name a channel that is gone. */
function withoutChannel(guild: Guild, id: string): GuildEvent[] {
  const { systemChannelId, afkChannelId } = guild
  if (systemChannelId !== id && afkChannelId !== id) return []
  const left = (named: string | null): string | null => (named === id ? null : named)
  return [{ type: 'guild.updated', guild: { ...guild, systemChannelId: left(systemChannelId), afkChannelId: left(afkChannelId) } }]
}

/** The last word on each target counts: two entries for one role would let the second slip past whoever reads the first. */
const onePerTarget = (list: readonly Overwrite[]): readonly Overwrite[] => [...new Map(list.map((o) => [o.id, o])).values()]

const isText = (type: number): boolean => type === 0 || type === 5

/** Only a category is a parent, and a category has none: so there is no ring. */
function wrongParent(state: GuildState, channel: Channel, parentId: string | null): Refusal | undefined {
  if (parentId === null) return undefined
  return channel.type !== 4 && state.channels.get(parentId)?.type === 4 ? undefined : 'invalid-parent'
}

/**
 * Nobody may change in an overwrite what they have neither in the guild nor in the channel: it would be a way around the
 * hierarchy. Taking a denial away counts as much as putting an allowance there, or a channel's manager could lift what
 * keeps them silent. What an overwrite held before, and still holds, is nobody's change.
 */
function mayChange(own: bigint, before: readonly Overwrite[], after: readonly Overwrite[]): boolean {
  const NOTHING = { allow: '0', deny: '0' }
  const ids = new Set([...before, ...after].map((o) => o.id))
  return [...ids].every((id) => {
    const was = before.find((o) => o.id === id) ?? NOTHING
    const is = after.find((o) => o.id === id) ?? NOTHING
    return has(own, (BigInt(was.allow) ^ BigInt(is.allow)) | (BigInt(was.deny) ^ BigInt(is.deny)))
  })
}
