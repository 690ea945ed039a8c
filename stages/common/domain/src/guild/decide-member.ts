import { Permission, type RoleId, type UserId } from '@threshold/contract'
import type { GuildState, Member } from '../model.ts'
import { guildPermissions, hasPermission, isAboveMember, isAboveRole } from '../permissions.ts'
import type { Decision, GuildCommand, MemberPatch } from './commands.ts'
import { accepted, refused } from './decision.ts'

type MemberCommand = Extract<GuildCommand, { type: `member.${string}` }>

/**
 * Decides on commands about members: who may add, edit and remove them. `inCall` tells whether a
 * user is in a voice channel of the guild.
 */
export function decideMember(
  state: GuildState,
  command: MemberCommand,
  inCall: (user: UserId) => boolean,
): Decision {
  const requester = state.members.get(command.by)
  if (command.type === 'member.add') {
    if (state.members.has(command.user.id)) return accepted() // adding a member twice is no error
    const permissions = requester ? guildPermissions(state, requester) : 0n
    if (!command.invited && !hasPermission(permissions, Permission.CreateInstantInvite))
      return refused(requester ? 'no-permission' : 'no-access')
    const { user, nick, joinedAt } = command
    const roles = [...new Set(command.roles)]
    if (nick !== null && !hasPermission(permissions, Permission.ManageNicknames))
      return refused('no-permission')
    if (
      roles.length > 0 &&
      !(
        requester &&
        hasPermission(permissions, Permission.ManageRoles) &&
        mayAssign(state, requester, roles)
      )
    )
      return refused('no-permission')
    const member: Member = { user, nick, roles, joinedAt, mute: false, deaf: false }
    return accepted({
      type: 'member.added',
      member: command.temporary ? permanentIfRole({ ...member, temporary: true }) : member,
    })
  }
  const member = state.members.get(command.userId)
  if (!requester) return refused('no-access')
  if (!member) return refused('unknown-member')
  const permissions = guildPermissions(state, requester)
  switch (command.type) {
    case 'member.edit': {
      const { patch } = command
      const refusal = editRefusal(state, requester, member, patch, permissions)
      if (refusal) return refusal
      if ((patch.mute !== undefined || patch.deaf !== undefined) && !inCall(command.userId))
        return refused('not-in-call')
      const roles = [...new Set(patch.roles ?? member.roles)]
      return accepted({
        type: 'member.updated',
        member: permanentIfRole({ ...member, ...patch, roles }),
      })
    }
    case 'member.role': {
      if (!state.roles.has(command.roleId) || command.roleId === state.guild.id)
        return refused('unknown-role')
      if (
        !hasPermission(permissions, Permission.ManageRoles) ||
        !mayAssign(state, requester, [command.roleId])
      )
        return refused('no-permission')
      if (member.roles.includes(command.roleId) === command.has) return accepted()
      const roles = command.has
        ? [...member.roles, command.roleId]
        : member.roles.filter((id) => id !== command.roleId)
      return accepted({ type: 'member.updated', member: permanentIfRole({ ...member, roles }) })
    }
    case 'member.remove': {
      if (member.user.id === state.guild.ownerId) return refused('no-permission')
      const leaves = command.by === member.user.id
      if (
        !leaves &&
        !(
          hasPermission(permissions, Permission.KickMembers) &&
          isAboveMember(state, requester, member)
        )
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

/** A temporary member becomes a permanent one with the first role. */
function permanentIfRole({ temporary, ...member }: Member): Member {
  return temporary && member.roles.length === 0 ? { ...member, temporary } : member
}

function editRefusal(
  state: GuildState,
  requester: Member,
  member: Member,
  patch: MemberPatch,
  permissions: bigint,
): Decision | undefined {
  const self = requester.user.id === member.user.id
  const above = self || isAboveMember(state, requester, member)
  if (
    patch.nick !== undefined &&
    !(self
      ? hasPermission(permissions, Permission.ChangeNickname) ||
        hasPermission(permissions, Permission.ManageNicknames)
      : hasPermission(permissions, Permission.ManageNicknames) && above)
  ) {
    return refused('no-permission')
  }
  if (patch.mute !== undefined && !hasPermission(permissions, Permission.MuteMembers))
    return refused('no-permission')
  if (patch.deaf !== undefined && !hasPermission(permissions, Permission.DeafenMembers))
    return refused('no-permission')
  if (patch.roles === undefined) return undefined
  if (patch.roles.some((id) => !state.roles.has(id) || id === state.guild.id))
    return refused('unknown-role')
  const changed = [
    ...patch.roles.filter((id) => !member.roles.includes(id)),
    ...member.roles.filter((id) => state.roles.has(id) && !patch.roles!.includes(id)),
  ]
  if (!hasPermission(permissions, Permission.ManageRoles) || !mayAssign(state, requester, changed))
    return refused('no-permission')
  return undefined
}

/** A member may give and take the roles below their own highest one. */
function mayAssign(state: GuildState, requester: Member, roles: readonly RoleId[]): boolean {
  return roles.every((id) => {
    const role = state.roles.get(id)
    return role !== undefined && id !== state.guild.id && isAboveRole(state, requester, role)
  })
}
