import { Permission, refuse, restInput } from '@threshold/contract'
import { type Member, type MemberPatch, memberToWire, voiceStateToWire } from '@threshold/domain'
import type { Context } from '../context.ts'
import { executeOrThrow, firstEvent } from '../execute-command.ts'
import { authorizeGuild, requireGuildView } from '../guild-access.ts'
import { type AddRoute, type ApiRequest, created, definedFields, parseInput } from '../route.ts'

export function memberRoutes(add: AddRoute, context: Context): void {
  const { ports } = context

  add('get', '/guilds/:guild/members', 'member.list', async (request) => {
    const { limit, after } = parseInput(restInput.memberQuery, request.query)
    await authorizeGuild(context, request, 0n)
    return (
      await ports.hub.members(
        request.params.guild!,
        { after: after ?? '0', limit },
        request.deadline,
      )
    ).map(memberToWire)
  })

  add('get', '/guilds/:guild/members/search', 'member.search', async (request) => {
    const { query, limit } = parseInput(restInput.memberSearchQuery, request.query)
    await authorizeGuild(context, request, 0n)
    return (
      await ports.hub.members(request.params.guild!, { prefix: query, limit }, request.deadline)
    ).map(memberToWire)
  })

  const voiceState = async (request: ApiRequest, userId: string): Promise<object> => {
    const { voiceStates } = await requireGuildView(context, request)
    const state = voiceStates.find((each) => each.userId === userId)
    if (!state) throw refuse.unknownVoiceState()
    const [member] = await ports.hub.members(
      request.params.guild!,
      { ids: [userId] },
      request.deadline,
    )
    return voiceStateToWire(request.params.guild!, userId, state, member)
  }
  add('get', '/guilds/:guild/voice-states/@me', 'voice-state.me', (request) =>
    voiceState(request, request.userId),
  )
  add('get', '/guilds/:guild/voice-states/:user', 'voice-state.get', (request) =>
    voiceState(request, request.params.user!),
  )

  add('get', '/guilds/:guild/members/:user', 'member.get', async (request) => {
    await authorizeGuild(context, request, 0n)
    const [member] = await ports.hub.members(
      request.params.guild!,
      { ids: [request.params.user!] },
      request.deadline,
    )
    if (!member) throw refuse.unknownMember()
    return memberToWire(member)
  })

  /** With the user's own token as consent. 201 with the member, or 204 for who is there already. */
  add('put', '/guilds/:guild/members/:user', 'member.add', async (request) => {
    const input = parseInput(restInput.putMember, request.body)
    const userId = request.params.user!
    await authorizeGuild(context, request, Permission.CreateInstantInvite)
    if (context.tools.tokens.verify(input.access_token) !== userId) throw refuse.invalidToken()
    const user = (await context.users([userId], request.deadline)).get(userId)
    if (!user) throw refuse.unknownUser()
    const joinedAt = context.runtime.clock.now()
    const command = {
      type: 'member.add',
      by: request.userId,
      user,
      nick: input.nick ?? null,
      roles: input.roles ?? [],
      joinedAt,
      invited: false,
    } as const
    const added = firstEvent(
      await executeOrThrow(context, request.params.guild!, command, request),
      'member.added',
    )
    return added ? created(memberToWire(added.member)) : undefined
  })

  add('patch', '/guilds/:guild/members/@me', 'member.edit-self', (request) =>
    edit(request, request.userId),
  )
  add('patch', '/guilds/:guild/members/:user', 'member.edit', (request) =>
    edit(request, request.params.user!),
  )

  async function edit(request: ApiRequest, userId: string): Promise<object> {
    const input = parseInput(restInput.editMember, request.body ?? {})
    const patch = definedFields({
      nick: input.nick === '' ? null : input.nick,
      roles: input.roles === undefined ? undefined : [...new Set(input.roles ?? [])],
      mute: input.mute ?? undefined,
      deaf: input.deaf ?? undefined,
    })
    return memberToWire(await change(request, userId, patch))
  }

  /** Deprecated by Discord for the route above; discordgo and eris still use it. */
  add('patch', '/guilds/:guild/members/@me/nick', 'member.edit-nick', async (request) => {
    const { nick } = parseInput(restInput.editNick, request.body ?? {})
    return {
      nick: (
        await change(request, request.userId, definedFields({ nick: nick === '' ? null : nick }))
      ).nick,
    }
  })

  async function change(request: ApiRequest, userId: string, patch: MemberPatch): Promise<Member> {
    const events = await executeOrThrow(
      context,
      request.params.guild!,
      { type: 'member.edit', by: request.userId, userId, patch },
      request,
    )
    return firstEvent(events, 'member.updated')!.member
  }

  add('delete', '/guilds/:guild/members/:user', 'member.remove', async (request) => {
    await executeOrThrow(
      context,
      request.params.guild!,
      { type: 'member.remove', by: request.userId, userId: request.params.user! },
      request,
    )
    return undefined
  })

  const giveRole = async (request: ApiRequest, has: boolean): Promise<undefined> => {
    const { guild, user, role } = request.params
    await executeOrThrow(
      context,
      guild!,
      { type: 'member.role', by: request.userId, userId: user!, roleId: role!, has },
      request,
    )
    return undefined
  }
  add('put', '/guilds/:guild/members/:user/roles/:role', 'member.role-add', (request) =>
    giveRole(request, true),
  )
  add('delete', '/guilds/:guild/members/:user/roles/:role', 'member.role-remove', (request) =>
    giveRole(request, false),
  )
}
