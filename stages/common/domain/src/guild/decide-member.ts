import { Permission, type RoleId, type UserId } from '@threshold/contract'
import type { GuildState, Member } from '../model.ts'
import { guildPermissions, hasPermission, isAboveMember, isAboveRole } from '../permissions.ts'
import type { Decision, GuildCommand, MemberPatch } from './commands.ts'
import { accepted, refused } from './decision.ts'

type MemberCommand = Extract<GuildCommand, { type: `member.${string}` }>

/** Members: who may bring them in, change them and send them away. */
export function decideMember(
  state: GuildState,
  command: MemberCommand,
  inCall: (user: UserId) => boolean,
): Decision {
  const asker = state.members.get(command.by)
  if (command.type === 'member.add') {
    if (state.members.has(command.user.id)) return accepted() // already there: nothing happens, and that is no error
    const mine = asker ? guildPermissions(state, asker) : 0n
    if (!command.invited && !hasPermission(mine, Permission.CreateInstantInvite))
      return refused(asker ? 'no-permission' : 'no-access')
    const { user, nick, joinedAt } = command
    const roles = [...new Set(command.roles)]
    if (nick !== null && !hasPermission(mine, Permission.ManageNicknames))
      return refused('no-permission')
    if (
      roles.length > 0 &&
      !(asker && hasPermission(mine, Permission.ManageRoles) && mayGive(state, asker, roles))
    )
      return refused('no-permission')
    const member: Member = { user, nick, roles, joinedAt, mute: false, deaf: false }
    return accepted({
      type: 'member.added',
      member: command.temporary ? settled({ ...member, temporary: true }) : member,
    })
  }
  const member = state.members.get(command.userId)
  if (!asker) return refused('no-access')
  if (!member) return refused('unknown-member')
  const mine = guildPermissions(state, asker)
  switch (command.type) {
    case 'member.edit': {
      const { patch } = command
      const wrong = mayEdit(state, asker, member, patch, mine)
      if (wrong) return wrong
      if ((patch.mute !== undefined || patch.deaf !== undefined) && !inCall(command.userId))
        return refused('not-in-call')
      const roles = [...new Set(patch.roles ?? member.roles)]
      return accepted({ type: 'member.updated', member: settled({ ...member, ...patch, roles }) })
    }
    case 'member.role': {
      if (!state.roles.has(command.roleId) || command.roleId === state.guild.id)
        return refused('unknown-role')
      if (!hasPermission(mine, Permission.ManageRoles) || !mayGive(state, asker, [command.roleId]))
        return refused('no-permission')
      if (member.roles.includes(command.roleId) === command.has) return accepted()
      const roles = command.has
        ? [...member.roles, command.roleId]
        : member.roles.filter((id) => id !== command.roleId)
      return accepted({ type: 'member.updated', member: settled({ ...member, roles }) })
    }
    case 'member.remove': {
      if (member.user.id === state.guild.ownerId) return refused('no-permission')
      const leaves = command.by === member.user.id
      if (
        !leaves &&
        !(hasPermission(mine, Permission.KickMembers) && isAboveMember(state, asker, member))
      )
        return refused('no-permission')
      return accepted({ type: 'member.removed', user: member.user })
    }
    case 'member.expire': {
      const expires =
        member.temporary && command.by === member.user.id && member.user.id !== state.guild.ownerId
      return expires ? accepted({ type: 'member.removed', user: member.user }) : accepted()
    }
  }
}

/** A role makes a temporary member a member for good. */
function settled({ temporary, ...member }: Member): Member {
  return temporary && member.roles.length === 0 ? { ...member, temporary } : member
}

function mayEdit(
  state: GuildState,
  asker: Member,
  member: Member,
  patch: MemberPatch,
  mine: bigint,
): Decision | undefined {
  const self = asker.user.id === member.user.id
  const above = self || isAboveMember(state, asker, member)
  if (
    patch.nick !== undefined &&
    !(self
      ? hasPermission(mine, Permission.ChangeNickname) ||
        hasPermission(mine, Permission.ManageNicknames)
      : hasPermission(mine, Permission.ManageNicknames) && above)
  ) {
    return refused('no-permission')
  }
  if (patch.mute !== undefined && !hasPermission(mine, Permission.MuteMembers))
    return refused('no-permission')
  if (patch.deaf !== undefined && !hasPermission(mine, Permission.DeafenMembers))
    return refused('no-permission')
  if (patch.roles === undefined) return undefined
  if (patch.roles.some((id) => !state.roles.has(id) || id === state.guild.id))
    return refused('unknown-role')
  const changed = [
    ...patch.roles.filter((id) => !member.roles.includes(id)),
    ...member.roles.filter((id) => state.roles.has(id) && !patch.roles!.includes(id)),
  ]
  if (!hasPermission(mine, Permission.ManageRoles) || !mayGive(state, asker, changed))
    return refused('no-permission')
  return undefined
}

/** Roles may be given and taken by whoever stands above them. */
function mayGive(state: GuildState, asker: Member, roles: readonly RoleId[]): boolean {
  return roles.every((id) => {
    const role = state.roles.get(id)
    return role !== undefined && id !== state.guild.id && isAboveRole(state, asker, role)
  })
}
