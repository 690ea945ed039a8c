import { Permission, type RoleId, type UserId } from '@threshold/contract'
import type { GuildState, Member } from '../model.ts'
import { guildPermissions, has, isAboveMember, isAboveRole } from '../permissions.ts'
import type { Decision, GuildCommand, MemberPatch } from './commands.ts'
import { no, yes } from './decision.ts'

type MemberCommand = Extract<GuildCommand, { type: `member.${string}` }>

/** Members: who may bring them in, change them and send them away. */
export function decideMember(
  state: GuildState,
  command: MemberCommand,
  inCall: (user: UserId) => boolean,
): Decision {
  const asker = state.members.get(command.by)
  if (command.type === 'member.add') {
    if (state.members.has(command.user.id)) return yes() // already there: nothing happens, and that is no error
    const mine = asker ? guildPermissions(state, asker) : 0n
    if (!command.invited && !has(mine, Permission.CreateInstantInvite))
      return no(asker ? 'no-permission' : 'no-access')
    const { user, nick, joinedAt } = command
    const roles = [...new Set(command.roles)]
    if (nick !== null && !has(mine, Permission.ManageNicknames)) return no('no-permission')
    if (
      roles.length > 0 &&
      !(asker && has(mine, Permission.ManageRoles) && mayGive(state, asker, roles))
    )
      return no('no-permission')
    const member: Member = { user, nick, roles, joinedAt, mute: false, deaf: false }
    return yes({
      type: 'member.added',
      member: command.temporary ? settled({ ...member, temporary: true }) : member,
    })
  }
  const member = state.members.get(command.userId)
  if (!asker) return no('no-access')
  if (!member) return no('unknown-member')
  const mine = guildPermissions(state, asker)
  switch (command.type) {
    case 'member.edit': {
      const { patch } = command
      const wrong = mayEdit(state, asker, member, patch, mine)
      if (wrong) return wrong
      if ((patch.mute !== undefined || patch.deaf !== undefined) && !inCall(command.userId))
        return no('not-in-call')
      const roles = [...new Set(patch.roles ?? member.roles)]
      return yes({ type: 'member.updated', member: settled({ ...member, ...patch, roles }) })
    }
    case 'member.role': {
      if (!state.roles.has(command.roleId) || command.roleId === state.guild.id)
        return no('unknown-role')
      if (!has(mine, Permission.ManageRoles) || !mayGive(state, asker, [command.roleId]))
        return no('no-permission')
      if (member.roles.includes(command.roleId) === command.has) return yes()
      const roles = command.has
        ? [...member.roles, command.roleId]
        : member.roles.filter((id) => id !== command.roleId)
      return yes({ type: 'member.updated', member: settled({ ...member, roles }) })
    }
    case 'member.remove': {
      if (member.user.id === state.guild.ownerId) return no('no-permission')
      const leaves = command.by === member.user.id
      if (!leaves && !(has(mine, Permission.KickMembers) && isAboveMember(state, asker, member)))
        return no('no-permission')
      return yes({ type: 'member.removed', user: member.user })
    }
    case 'member.expire': {
      const expires =
        member.temporary && command.by === member.user.id && member.user.id !== state.guild.ownerId
      return expires ? yes({ type: 'member.removed', user: member.user }) : yes()
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
      ? has(mine, Permission.ChangeNickname) || has(mine, Permission.ManageNicknames)
      : has(mine, Permission.ManageNicknames) && above)
  ) {
    return no('no-permission')
  }
  if (patch.mute !== undefined && !has(mine, Permission.MuteMembers)) return no('no-permission')
  if (patch.deaf !== undefined && !has(mine, Permission.DeafenMembers)) return no('no-permission')
  if (patch.roles === undefined) return undefined
  if (patch.roles.some((id) => !state.roles.has(id) || id === state.guild.id))
    return no('unknown-role')
  const changed = [
    ...patch.roles.filter((id) => !member.roles.includes(id)),
    ...member.roles.filter((id) => state.roles.has(id) && !patch.roles!.includes(id)),
  ]
  if (!has(mine, Permission.ManageRoles) || !mayGive(state, asker, changed))
    return no('no-permission')
  return undefined
}

/** Roles may be given and taken by whoever stands above them. */
function mayGive(state: GuildState, asker: Member, roles: readonly RoleId[]): boolean {
  return roles.every((id) => {
    const role = state.roles.get(id)
    return role !== undefined && id !== state.guild.id && isAboveRole(state, asker, role)
  })
}
