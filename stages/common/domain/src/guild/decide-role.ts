import { Permission } from '@threshold/contract'
import type { GuildState, Member, Role } from '../model.ts'
import { guildPermissions, hasPermission, isAboveRole, outranks } from '../permissions.ts'
import type { Decision, GuildCommand, GuildEvent } from './commands.ts'
import { accepted, LIMITS, refused } from './decision.ts'
import { withoutRole } from './overwrites.ts'

type RoleCommand = Extract<GuildCommand, { type: `role.${string}` | `roles.${string}` }>

/** Roles: only below one's own highest, and never with more permissions than one's own. */
export function decideRole(state: GuildState, command: RoleCommand, asker: Member): Decision {
  const mine = guildPermissions(state, asker)
  if (!hasPermission(mine, Permission.ManageRoles)) return refused('no-permission')
  switch (command.type) {
    case 'role.create': {
      if (state.roles.has(command.role.id)) return accepted()
      if (state.roles.size >= LIMITS.roles) return refused('too-many')
      if (!hasPermission(mine, BigInt(command.role.permissions))) return refused('no-permission')
      // A new role stands at the bottom, just above @everyone; among equals the older one is
      // higher, so it outranks nobody.
      return accepted({ type: 'role.created', role: { ...command.role, position: 1 } })
    }
    case 'role.edit': {
      const role = state.roles.get(command.roleId)
      if (!role) return refused('unknown-role')
      if (!isBelow(state, role, asker)) return refused('no-permission')
      // What is newly added must be one's own; what the role had already may stay.
      const added =
        BigInt(command.patch.permissions ?? role.permissions) & ~BigInt(role.permissions)
      if (!hasPermission(mine, added)) return refused('no-permission')
      // A place is changed by `roles.move` alone, which knows how high the asker stands.
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
      if (!isBelow(state, role, asker)) return refused('no-permission')
      // The role goes first: without it its overwrites give nobody anything, so that removing them
      // changes nobody's view. The other way round a denial would end while the role still gives
      // the permission. If the process dies between the writes, `withoutDangling` drops the
      // remaining overwrites.
      return accepted({ type: 'role.deleted', roleId: role.id }, ...withoutRole(state, role.id))
    }
    case 'roles.move':
      return decideMoves(state, command, asker)
  }
}

/**
 * Judged by the order that comes of it, not by numbers: discord.js and JDA name every role with its
 * place in the list, also those above the asker, whose numbers may change by it and whose order may
 * not. Places are numbered without gaps afterwards.
 */
function decideMoves(
  state: GuildState,
  { moves }: Extract<RoleCommand, { type: 'roles.move' }>,
  asker: Member,
): Decision {
  const wanted = new Map(moves.map(({ id, position }) => [id, position]))
  for (const [id, position] of wanted) {
    if (!state.roles.has(id)) return refused('unknown-role')
    if (id === state.guild.id ? position !== 0 : position < 1) return refused('invalid-role')
  }
  if ([...wanted].every(([id, position]) => state.roles.get(id)?.position === position))
    return accepted()
  const before = [...state.roles.values()].sort((a, b) => (outranks(a, b) ? 1 : -1))
  // One that moves pushes aside what stands at its new place: it ends beyond it, seen from where it
  // came.
  const places = before.map((role) => {
    const place = wanted.get(role.id) ?? role.position
    return { role, place: place + Math.sign(place - role.position) / 2 }
  })
  const after = places.toSorted((a, b) => a.place - b.place).map(({ role }) => role)
  const notBelow = before.filter((role) => !isBelow(state, role, asker))
  if (after.slice(after.length - notBelow.length).some((role, i) => role !== notBelow[i]))
    return refused('no-permission')
  return accepted(
    ...after.flatMap((role, position): GuildEvent[] =>
      role.position === position ? [] : [{ type: 'role.updated', role: { ...role, position } }],
    ),
  )
}

/**
 * @everyone may be changed by whoever may manage roles; any other role must stand below the asker.
 */
const isBelow = (state: GuildState, role: Role, asker: Member): boolean =>
  role.id === state.guild.id || isAboveRole(state, asker, role)
