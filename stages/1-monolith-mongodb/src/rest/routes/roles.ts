import { DEFAULT_PERMISSIONS, refuse } from '@threshold/contract'
import { type Role, roleToWire } from '@threshold/domain'
import { restInput } from '../../input/index.ts'
import type { Context } from '../context.ts'
import { executeOrThrow, firstEvent } from '../execute-command.ts'
import { allMembers, requireGuildView } from '../guild-access.ts'
import { type AddRoute, definedFields, parseInput } from '../route.ts'

export function roleRoutes(add: AddRoute, context: Context): void {
  add('get', '/guilds/:guild/roles', 'role.list', async (request) => {
    const { roles } = await requireGuildView(context, request)
    return roles.map(roleToWire)
  })

  add('get', '/guilds/:guild/roles/member-counts', 'role.member-counts', async (request) => {
    const { roles } = await requireGuildView(context, request)
    // Discord leaves out @everyone, whose id is the guild's.
    const counts = new Map(
      roles.filter(({ id }) => id !== request.params.guild).map(({ id }) => [id, 0]),
    )
    for await (const member of allMembers(context, request))
      for (const id of member.roles) if (counts.has(id)) counts.set(id, counts.get(id)! + 1)
    return Object.fromEntries(counts)
  })

  add('get', '/guilds/:guild/roles/:role', 'role.get', async (request) => {
    const { roles } = await requireGuildView(context, request)
    const role = roles.find(({ id }) => id === request.params.role)
    if (!role) throw refuse.unknownRole()
    return roleToWire(role)
  })

  add('post', '/guilds/:guild/roles', 'role.create', async (request) => {
    const { userId: by, params } = request
    const input = parseInput(restInput.writeRole, request.body ?? {})
    const { roles } = await requireGuildView(context, request)
    const everyone = roles.find(({ id }) => id === params.guild)
    const role: Role = {
      id: context.tools.newId(),
      name: input.name ?? 'new role',
      color: input.colors?.primary_color ?? input.color ?? 0,
      hoist: input.hoist ?? false,
      position: 1,
      permissions: input.permissions ?? everyone?.permissions ?? DEFAULT_PERMISSIONS.toString(),
      mentionable: input.mentionable ?? false,
    }
    const command = { type: 'role.create', by, role } as const
    const events = await executeOrThrow(context, params.guild!, command, request)
    return roleToWire(firstEvent(events, 'role.created')?.role ?? role)
  })

  add('patch', '/guilds/:guild/roles', 'role.move', async (request) => {
    const { userId: by, params } = request
    const moves = parseInput(restInput.moveRoles, request.body).flatMap(({ id, position }) =>
      position == null ? [] : [{ id, position }],
    )
    await executeOrThrow(context, params.guild!, { type: 'roles.move', by, moves }, request)
    const { roles } = await requireGuildView(context, request)
    return roles.map(roleToWire)
  })

  add('patch', '/guilds/:guild/roles/:role', 'role.edit', async (request) => {
    const { userId: by, params } = request
    const input = parseInput(restInput.writeRole, request.body ?? {})
    const patch = definedFields({
      name: input.name ?? undefined,
      permissions: input.permissions ?? undefined,
      color: input.colors?.primary_color ?? input.color ?? undefined,
      hoist: input.hoist ?? undefined,
      mentionable: input.mentionable ?? undefined,
    })
    const command = { type: 'role.edit', by, roleId: params.role!, patch } as const
    const events = await executeOrThrow(context, params.guild!, command, request)
    return roleToWire(firstEvent(events, 'role.updated')!.role)
  })

  add('delete', '/guilds/:guild/roles/:role', 'role.delete', async (request) => {
    const { userId: by, params } = request
    const command = { type: 'role.delete', by, roleId: params.role! } as const
    await executeOrThrow(context, params.guild!, command, request)
    return undefined
  })
}
