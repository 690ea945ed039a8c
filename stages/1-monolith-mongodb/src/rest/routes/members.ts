import { Permission, refuse, restInput } from '@threshold/contract'
import { type Member, type MemberPatch, memberToWire, voiceStateToWire } from '@threshold/domain'
import type { Context } from '../context.ts'
import { requireGuild, viewOf } from '../guild-access.ts'
import { ask as askGuild, outcome } from '../refusals.ts'
import { type AddRoute, type Ask, checked, created, definedOnly } from '../route.ts'

export function memberRoutes(add: AddRoute, context: Context): void {
  const { ports } = context

  add('get', '/guilds/:guild/members', 'member.list', async (ask) => {
    const { limit, after } = checked(restInput.memberQuery, ask.query)
    await requireGuild(context, ask, 0n)
    return (
      await ports.hub.members(ask.params.guild!, { after: after ?? '0', limit }, ask.deadline)
    ).map(memberToWire)
  })

  add('get', '/guilds/:guild/members/search', 'member.search', async (ask) => {
    const { query, limit } = checked(restInput.memberSearchQuery, ask.query)
    await requireGuild(context, ask, 0n)
    return (await ports.hub.members(ask.params.guild!, { prefix: query, limit }, ask.deadline)).map(
      memberToWire,
    )
  })

  const voiceState = async (ask: Ask, userId: string): Promise<object> => {
    const { voiceStates } = await viewOf(context, ask)
    const state = voiceStates.find((each) => each.userId === userId)
    if (!state) throw refuse.unknownVoiceState()
    const [member] = await ports.hub.members(ask.params.guild!, { ids: [userId] }, ask.deadline)
    return voiceStateToWire(ask.params.guild!, userId, state, member)
  }
  add('get', '/guilds/:guild/voice-states/@me', 'voice-state.me', (ask) => voiceState(ask, ask.me))
  add('get', '/guilds/:guild/voice-states/:user', 'voice-state.get', (ask) =>
    voiceState(ask, ask.params.user!),
  )

  add('get', '/guilds/:guild/members/:user', 'member.get', async (ask) => {
    await requireGuild(context, ask, 0n)
    const [member] = await ports.hub.members(
      ask.params.guild!,
      { ids: [ask.params.user!] },
      ask.deadline,
    )
    if (!member) throw refuse.unknownMember()
    return memberToWire(member)
  })

  /** With the user's own token as consent. 201 with the member, or 204 for who is there already. */
  add('put', '/guilds/:guild/members/:user', 'member.add', async (ask) => {
    const input = checked(restInput.putMember, ask.body)
    const userId = ask.params.user!
    await requireGuild(context, ask, Permission.CreateInstantInvite)
    if (context.tools.tokens.verify(input.access_token) !== userId) throw refuse.invalidToken()
    const user = (await context.people([userId], ask.deadline)).get(userId)
    if (!user) throw refuse.unknownUser()
    const joinedAt = context.runtime.clock.now()
    const command = {
      type: 'member.add',
      by: ask.me,
      user,
      nick: input.nick ?? null,
      roles: input.roles ?? [],
      joinedAt,
      invited: false,
    } as const
    const added = outcome(await askGuild(context, ask.params.guild!, command, ask), 'member.added')
    return added ? created(memberToWire(added.member)) : undefined
  })

  add('patch', '/guilds/:guild/members/@me', 'member.edit-self', (ask) => edit(ask, ask.me))
  add('patch', '/guilds/:guild/members/:user', 'member.edit', (ask) => edit(ask, ask.params.user!))

  async function edit(ask: Ask, userId: string): Promise<object> {
    const input = checked(restInput.editMember, ask.body ?? {})
    const patch = definedOnly({
      nick: input.nick === '' ? null : input.nick,
      roles: input.roles === undefined ? undefined : [...new Set(input.roles ?? [])],
      mute: input.mute ?? undefined,
      deaf: input.deaf ?? undefined,
    })
    return memberToWire(await change(ask, userId, patch))
  }

  /** Deprecated by Discord for the route above; discordgo and eris still use it. */
  add('patch', '/guilds/:guild/members/@me/nick', 'member.edit-nick', async (ask) => {
    const { nick } = checked(restInput.editNick, ask.body ?? {})
    return {
      nick: (await change(ask, ask.me, definedOnly({ nick: nick === '' ? null : nick }))).nick,
    }
  })

  async function change(ask: Ask, userId: string, patch: MemberPatch): Promise<Member> {
    const events = await askGuild(
      context,
      ask.params.guild!,
      { type: 'member.edit', by: ask.me, userId, patch },
      ask,
    )
    return outcome(events, 'member.updated')!.member
  }

  add('delete', '/guilds/:guild/members/:user', 'member.remove', async (ask) => {
    await askGuild(
      context,
      ask.params.guild!,
      { type: 'member.remove', by: ask.me, userId: ask.params.user! },
      ask,
    )
    return undefined
  })

  const giveRole = async (ask: Ask, has: boolean): Promise<undefined> => {
    const { guild, user, role } = ask.params
    await askGuild(
      context,
      guild!,
      { type: 'member.role', by: ask.me, userId: user!, roleId: role!, has },
      ask,
    )
    return undefined
  }
  add('put', '/guilds/:guild/members/:user/roles/:role', 'member.role-add', (ask) =>
    giveRole(ask, true),
  )
  add('delete', '/guilds/:guild/members/:user/roles/:role', 'member.role-remove', (ask) =>
    giveRole(ask, false),
  )
}
