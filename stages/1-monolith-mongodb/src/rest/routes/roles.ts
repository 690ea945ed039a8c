import { DEFAULT_PERMISSIONS, refuse, restInput } from '@threshold/contract'
import { type Role, roleToWire } from '@threshold/domain'
import type { Context } from '../context.ts'
import { membersOf, viewOf } from '../guild-access.ts'
import { ask as askGuild, outcome } from '../refusals.ts'
import { type AddRoute, checked, definedOnly } from '../route.ts'

export function roleRoutes(add: AddRoute, context: Context): void {
  add('get', '/guilds/:guild/roles', 'role.list', async (ask) =>
    (await viewOf(context, ask)).roles.map(roleToWire),
  )

  add('get', '/guilds/:guild/roles/member-counts', 'role.member-counts', async (ask) => {
    const { roles } = await viewOf(context, ask)
    const counts = new Map(
      roles.filter(({ id }) => id !== ask.params.guild).map(({ id }) => [id, 0]),
    )
    for await (const member of membersOf(context, ask))
      for (const id of member.roles) if (counts.has(id)) counts.set(id, counts.get(id)! + 1)
    return Object.fromEntries(counts)
  })

  add('get', '/guilds/:guild/roles/:role', 'role.get', async (ask) => {
    const role = (await viewOf(context, ask)).roles.find(({ id }) => id === ask.params.role)
    if (!role) throw refuse.unknownRole()
    return roleToWire(role)
  })

  add('post', '/guilds/:guild/roles', 'role.create', async (ask) => {
    const input = checked(restInput.writeRole, ask.body ?? {})
    const everyone = (await viewOf(context, ask)).roles.find((r) => r.id === ask.params.guild)
    const role: Role = {
      id: context.tools.newId(),
      name: input.name ?? 'new role',
      color: input.colors?.primary_color ?? input.color ?? 0,
      hoist: input.hoist ?? false,
      position: 1,
      permissions: input.permissions ?? everyone?.permissions ?? DEFAULT_PERMISSIONS.toString(),
      mentionable: input.mentionable ?? false,
    }
    const events = await askGuild(
      context,
      ask.params.guild!,
      { type: 'role.create', by: ask.me, role },
      ask,
    )
    return roleToWire(outcome(events, 'role.created')?.role ?? role)
  })

  add('patch', '/guilds/:guild/roles', 'role.move', async (ask) => {
    const moves = checked(restInput.moveRoles, ask.body).flatMap((m) =>
      m.position == null ? [] : [{ id: m.id, position: m.position }],
    )
    await askGuild(context, ask.params.guild!, { type: 'roles.move', by: ask.me, moves }, ask)
    return (await viewOf(context, ask)).roles.map(roleToWire)
  })

  add('patch', '/guilds/:guild/roles/:role', 'role.edit', async (ask) => {
    const input = checked(restInput.writeRole, ask.body ?? {})
    const patch = definedOnly({
      name: input.name ?? undefined,
      permissions: input.permissions ?? undefined,
      color: input.colors?.primary_color ?? input.color ?? undefined,
      hoist: input.hoist ?? undefined,
      mentionable: input.mentionable ?? undefined,
    })
    const events = await askGuild(
      context,
      ask.params.guild!,
      { type: 'role.edit', by: ask.me, roleId: ask.params.role!, patch },
      ask,
    )
    return roleToWire(outcome(events, 'role.updated')!.role)
  })

  add('delete', '/guilds/:guild/roles/:role', 'role.delete', async (ask) => {
    await askGuild(
      context,
      ask.params.guild!,
      { type: 'role.delete', by: ask.me, roleId: ask.params.role! },
      ask,
    )
    return undefined
  })
}
