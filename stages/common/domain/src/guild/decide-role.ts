import { Permission } from '@threshold/contract'
import type { GuildState, Member, Role } from '../model.ts'
import { guildPermissions, has, highestRole, isAboveRole } from '../permissions.ts'
import type { Decision, GuildCommand, GuildEvent } from './commands.ts'
import { LIMITS, no, yes } from './decision.ts'

type RoleCommand = Extract<GuildCommand, { type: `role.${string}` | `roles.${string}` }>

/** Roles: only below one's own highest, and never with more permissions than one's own. */
export function decideRole(state: GuildState, command: RoleCommand, asker: Member): Decision {
  const mine = guildPermissions(state, asker)
  if (!has(mine, Permission.ManageRoles)) return no('no-permission')
  switch (command.type) {
    case 'role.create': {
      if (state.roles.has(command.role.id)) return yes()
      if (state.roles.size >= LIMITS.roles) return no('too-many')
      if (!has(mine, BigInt(command.role.permissions))) return no('no-permission')
      // A new role stands at the bottom, just above @everyone; among equals the older one is higher, so it outranks nobody.
      return yes({ type: 'role.created', role: { ...command.role, position: 1 } })
    }
    case 'role.edit': {
      const role = state.roles.get(command.roleId)
      if (!role) return no('unknown-role')
      if (!isBelow(state, role, asker)) return no('no-permission')
      // What is newly added must be one's own; what the role had already may stay.
      const added = BigInt(command.patch.permissions ?? role.permissions) & ~BigInt(role.permissions)
      if (!has(mine, added)) return no('no-permission')
      // A place is changed by `roles.move` alone, which knows how high the asker stands.
      const name = role.id === state.guild.id ? role.name : (command.patch.name ?? role.name)
      return yes({ type: 'role.updated', role: { ...role, ...command.patch, name, position: role.position } })
    }
    case 'role.delete': {
      const role = state.roles.get(command.roleId)
      if (!role) return no('unknown-role')
      if (role.id === state.guild.id) return no('invalid-role')
      return isBelow(state, role, asker) ? yes({ type: 'role.deleted', roleId: role.id }) : no('no-permission')
    }
    case 'roles.move': {
      const events: GuildEvent[] = []
      const top = asker.user.id === state.guild.ownerId ? Number.POSITIVE_INFINITY : (highestRole(state, asker)?.position ?? 0)
      for (const { id, position } of command.moves) {
        const role = state.roles.get(id)
        if (!role) return no('unknown-role')
        if (id === state.guild.id ? position !== 0 : position < 1) return no('invalid-role')
        if (position === role.position) continue
        if (!isBelow(state, role, asker) || position >= top) return no('no-permission')
        events.push({ type: 'role.updated', role: { ...role, position } })
      }
      return yes(...events)
    }
  }
}

/** @everyone may be changed by whoever may manage roles; any other role must stand below the asker. */
const isBelow = (state: GuildState, role: Role, asker: Member): boolean => role.id === state.guild.id || isAboveRole(state, asker, role)
