import { Permission, refuse } from '@threshold/contract'
import { type Member, type MemberPatch, memberToWire, voiceStateToWire } from '@threshold/domain'
import { restInput } from '../../input/index.ts'
import type { Context } from '../context.ts'
import { executeOrThrow, firstEvent } from '../execute-command.ts'
import { authorizeGuild, requireGuildView } from '../guild-access.ts'
import { type AddRoute, type ApiRequest, created, definedFields, parseInput } from '../route.ts'

export function memberRoutes(add: AddRoute, context: Context): void {
  const { hub } = context.ports

  add('get', '/guilds/:guild/members', 'member.list', async (request) => {
    const { limit, after = '0' } = parseInput(restInput.memberQuery, request.query)
    await authorizeGuild(context, request, 0n)
    const page = await hub.members(request.params.guild!, { after, limit }, request.deadline)
    return page.map(memberToWire)
  })

  add('get', '/guilds/:guild/members/search', 'member.search', async (request) => {
    const { query: prefix, limit } = parseInput(restInput.memberSearchQuery, request.query)
    await authorizeGuild(context, request, 0n)
    const found = await hub.members(request.params.guild!, { prefix, limit }, request.deadline)
    return found.map(memberToWire)
  })

  add('get', '/guilds/:guild/voice-states/@me', 'voice-state.me', (request) =>
    voiceState(request, request.userId),
  )
  add('get', '/guilds/:guild/voice-states/:user', 'voice-state.get', (request) =>
    voiceState(request, request.params.user!),
  )

  async function voiceState(request: ApiRequest, userId: string): Promise<object> {
    const { voiceStates } = await requireGuildView(context, request)
    const state = voiceStates.find((each) => each.userId === userId)
    if (!state) throw refuse.unknownVoiceState()
    return voiceStateToWire(request.params.guild!, userId, state, await member(request, userId))
  }

  add('get', '/guilds/:guild/members/:user', 'member.get', async (request) => {
    await authorizeGuild(context, request, 0n)
    const found = await member(request, request.params.user!)
    if (!found) throw refuse.unknownMember()
    return memberToWire(found)
  })

  async function member(
    { params, deadline }: ApiRequest,
    userId: string,
  ): Promise<Member | undefined> {
    return (await hub.members(params.guild!, { ids: [userId] }, deadline))[0]
  }

  /**
   * Adds a user, whose access token in the body is the consent. Answers 201 with the member, or 204
   * for a user who is one already.
   */
  add('put', '/guilds/:guild/members/:user', 'member.add', async (request) => {
    const { userId: by, params, deadline } = request
    const input = parseInput(restInput.putMember, request.body)
    const userId = params.user!
    await authorizeGuild(context, request, Permission.CreateInstantInvite)
    if (context.tools.tokens.verify(input.access_token) !== userId) throw refuse.invalidToken()
    const user = (await context.users([userId], deadline)).get(userId)
    if (!user) throw refuse.unknownUser()
    const command = {
      type: 'member.add',
      by,
      user,
      nick: input.nick ?? null,
      roles: input.roles ?? [],
      joinedAt: context.runtime.clock.now(),
      invited: false,
    } as const
    const events = await executeOrThrow(context, params.guild!, command, request)
    const added = firstEvent(events, 'member.added')
    return added ? created(memberToWire(added.member)) : undefined
  })

  add('patch', '/guilds/:guild/members/@me', 'member.edit-self', (request) =>
    editMember(request, request.userId),
  )
  add('patch', '/guilds/:guild/members/:user', 'member.edit', (request) =>
    editMember(request, request.params.user!),
  )

  async function editMember(request: ApiRequest, userId: string): Promise<object> {
    const input = parseInput(restInput.editMember, request.body ?? {})
    const patch = definedFields({
      nick: input.nick === '' ? null : input.nick,
      roles: input.roles === undefined ? undefined : [...new Set(input.roles ?? [])],
      mute: input.mute ?? undefined,
      deaf: input.deaf ?? undefined,
    })
    return memberToWire(await applyPatch(request, userId, patch))
  }

  /** Discord has deprecated this for the route above; discordgo and eris still use it. */
  add('patch', '/guilds/:guild/members/@me/nick', 'member.edit-nick', async (request) => {
    const input = parseInput(restInput.editNick, request.body ?? {})
    const patch = definedFields({ nick: input.nick === '' ? null : input.nick })
    const { nick } = await applyPatch(request, request.userId, patch)
    return { nick }
  })

  async function applyPatch(
    request: ApiRequest,
    userId: string,
    patch: MemberPatch,
  ): Promise<Member> {
    const command = { type: 'member.edit', by: request.userId, userId, patch } as const
    const events = await executeOrThrow(context, request.params.guild!, command, request)
    return firstEvent(events, 'member.updated')!.member
  }

  add('delete', '/guilds/:guild/members/:user', 'member.remove', async (request) => {
    const { userId: by, params } = request
    const command = { type: 'member.remove', by, userId: params.user! } as const
    await executeOrThrow(context, params.guild!, command, request)
    return undefined
  })

  add('put', '/guilds/:guild/members/:user/roles/:role', 'member.role-add', (request) =>
    setRole(request, true),
  )
  add('delete', '/guilds/:guild/members/:user/roles/:role', 'member.role-remove', (request) =>
    setRole(request, false),
  )

  async function setRole(request: ApiRequest, has: boolean): Promise<undefined> {
    const { guild, user, role } = request.params
    const ids = { userId: user!, roleId: role! }
    const command = { type: 'member.role', by: request.userId, ...ids, has } as const
    await executeOrThrow(context, guild!, command, request)
    return undefined
  }
}
