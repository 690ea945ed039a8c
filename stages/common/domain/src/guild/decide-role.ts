import { Permission } from '@threshold/contract'
import type { GuildState, Member, Role } from '../model.ts'
import { guildPermissions, hasPermission, isAboveRole, outranks } from '../permissions.ts'
import type { Decision, GuildCommand, GuildEvent } from './commands.ts'
import { accepted, LIMITS, refused } from './decision.ts'
import { withoutRole } from './overwrites.ts'

type RoleCommand = Extract<GuildCommand, { type: `role.${string}` | `roles.${string}` }>

/**
 * Decides on commands about roles. Members may manage roles below their own highest one, and grant
 * only permissions that they have.
 */
export function decideRole(state: GuildState, command: RoleCommand, requester: Member): Decision {
  const permissions = guildPermissions(state, requester)
  if (!hasPermission(permissions, Permission.ManageRoles)) return refused('no-permission')
  switch (command.type) {
    case 'role.create': {
      if (state.roles.has(command.role.id)) return accepted()
      if (state.roles.size >= LIMITS.roles) return refused('too-many')
      if (!hasPermission(permissions, BigInt(command.role.permissions)))
        return refused('no-permission')
      // A new role is the lowest one above @everyone. The older of two roles at the same position
      // is higher, so a new one outranks no other.
      return accepted({ type: 'role.created', role: { ...command.role, position: 1 } })
    }
    case 'role.edit': {
      const role = state.roles.get(command.roleId)
      if (!role) return refused('unknown-role')
      if (!isBelow(state, role, requester)) return refused('no-permission')
      // The member needs the permissions that are added. Those that the role had may stay.
      const added =
        BigInt(command.patch.permissions ?? role.permissions) & ~BigInt(role.permissions)
      if (!hasPermission(permissions, added)) return refused('no-permission')
      // Only `roles.move` changes positions: it compares them with the requester's own.
      const name = role.id === state.guild.id ? role.name : (command.patch.name ?? role.name)
      return accepted({
        type: 'role.updated',
        role: { ...role, ...command.patch, name, position: role.position },
      })
    }
    case 'role.delete': {
      const role = state.roles.get(command.roleId)
      if (!role) return refused('unknown-role')
      if (role.id === state.guild.id) return refused('invalid-role')
      if (!isBelow(state, role, requester)) return refused('no-permission')
      // The role is deleted before its overwrites. They have no effect without the role, so
      // removing them changes nothing. The reverse order would lift a denial while the role still
      // grants the permission. If the process dies between the writes, `withoutDanglingReferences`
      // drops the remaining overwrites.
      return accepted({ type: 'role.deleted', roleId: role.id }, ...withoutRole(state, role.id))
    }
    case 'roles.move':
      return decideMoves(state, command, requester)
  }
}

/**
 * Checks the resulting order and not the numbers. discord.js and JDA list every role with its
 * position, also those above the requester: their numbers may change, their order may not.
 * Afterwards positions are numbered without gaps.
 */
function decideMoves(
  state: GuildState,
  { moves }: Extract<RoleCommand, { type: 'roles.move' }>,
  requester: Member,
): Decision {
  const wanted = new Map(moves.map(({ id, position }) => [id, position]))
  for (const [id, position] of wanted) {
    if (!state.roles.has(id)) return refused('unknown-role')
    if (id === state.guild.id ? position !== 0 : position < 1) return refused('invalid-role')
  }
  if ([...wanted].every(([id, position]) => state.roles.get(id)?.position === position))
    return accepted()
  const before = [...state.roles.values()].sort((a, b) => (outranks(a, b) ? 1 : -1))
  // A role that moves takes its new position, and pushes the role there back towards the old one.
  const targets = before.map((role) => {
    const target = wanted.get(role.id) ?? role.position
    return { role, target: target + Math.sign(target - role.position) / 2 }
  })
  const after = targets.toSorted((a, b) => a.target - b.target).map(({ role }) => role)
  const notBelow = before.filter((role) => !isBelow(state, role, requester))
  if (after.slice(after.length - notBelow.length).some((role, i) => role !== notBelow[i]))
    return refused('no-permission')
  return accepted(
    ...after.flatMap((role, position): GuildEvent[] =>
      role.position === position ? [] : [{ type: 'role.updated', role: { ...role, position } }],
    ),
  )
}

/** Whether the requester may change a role: @everyone, or one below their own highest role. */
const isBelow = (state: GuildState, role: Role, requester: Member): boolean =>
  role.id === state.guild.id || isAboveRole(state, requester, role)
