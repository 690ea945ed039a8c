import { Permission, refuse, restInput } from '@threshold/contract'
import { channelToWire, guildToWire, type Invite, userToWire } from '@threshold/domain'
import type { Context } from '../context.ts'
import { ask as askGuild } from '../refusals.ts'
import { type AddRoute, type Ask, checked } from '../route.ts'

export function inviteRoutes(add: AddRoute, context: Context): void {
  const { ports } = context

  add('post', '/channels/:channel/invites', 'invite.create', async (ask) => {
    const input = checked(restInput.createInvite, ask.body)
    const place = await context.place(ask.me, ask.params.channel!, Permission.CreateInstantInvite, ask.deadline)
    if (place.kind === 'dm') throw refuse.dmNotAllowed()
    const invite: Invite = {
      v: 1,
      code: context.runtime.random(6).toString('base64url'),
      guildId: place.guildId,
      channelId: place.channel.id,
      inviterId: ask.me,
      createdAt: context.runtime.clock.now(),
      maxAge: input.max_age ?? 86_400,
      maxUses: input.max_uses ?? 0,
      temporary: input.temporary ?? false,
    }
    await ports.metadata.createInvite(invite, ask.deadline)
    const body = await inviteToWire(ask, invite)
    const data = { ...body, channel_id: invite.channelId, guild_id: invite.guildId }
    await ports.hub.publish(
      invite.guildId,
      { v: 1, id: `invite:${invite.code}`, type: 'INVITE_CREATE', data, channelId: invite.channelId },
      ask.deadline,
    )
    return body
  })

  add('get', '/channels/:channel/invites', 'invite.list', async (ask) => {
    const place = await context.place(ask.me, ask.params.channel!, Permission.ManageChannels, ask.deadline)
    return Promise.all((await ports.metadata.invitesOf(place.channel.id, ask.deadline)).map((invite) => inviteToWire(ask, invite)))
  })

  add('get', '/invites/:code', 'invite.get', async (ask) => inviteToWire(ask, await find(ask)))

  /** Discord's bots cannot accept invites; the workshop's users can, since the chat page joins by them. */
  add('post', '/invites/:code', 'invite.accept', async (ask) => {
    const invite = await find(ask)
    const user = await context.self(ask.me, ask.deadline)
    const access = await ports.hub.access(invite.guildId, ask.me, undefined, ask.deadline)
    if (access.kind === 'unknown-guild') throw refuse.unknownInvite()
    if (access.kind !== 'member') {
      if (!(await ports.metadata.useInvite(invite.code, ask.deadline))) throw refuse.unknownInvite()
      await askGuild(
        context,
        invite.guildId,
        { type: 'member.add', by: invite.inviterId, user, nick: null, roles: [], joinedAt: context.runtime.clock.now(), invited: true },
        ask,
      )
    }
    return inviteToWire(ask, invite)
  })

  add('delete', '/invites/:code', 'invite.delete', async (ask) => {
    const invite = await find(ask)
    const body = await inviteToWire(ask, invite)
    await context.place(ask.me, invite.channelId, Permission.ManageChannels, ask.deadline)
    await ports.metadata.removeInvite(invite.code, ask.deadline)
    return body
  })

  async function find(ask: Ask): Promise<Invite> {
    const code = ask.params.code!
    const invite = /^[\w-]{1,32}$/.test(code) ? await ports.metadata.invite(code, ask.deadline) : undefined
    if (!invite) throw refuse.unknownInvite()
    return invite
  }

  async function inviteToWire(ask: Ask, invite: Invite): Promise<object> {
    // Seen with the inviter's eyes: whoever holds the code need not be a member.
    const view = await ports.hub.view(invite.guildId, invite.inviterId, ask.deadline)
    const channel = view?.channels.find((c) => c.id === invite.channelId)
    if (!view || !channel) throw refuse.unknownInvite()
    const inviter = (await context.people([invite.inviterId], ask.deadline)).get(invite.inviterId)
    const { id, name } = guildToWire(view.guild, [])
    const wireChannel = channelToWire(channel) as { id: string; type: number; name: string }
    return {
      type: 0,
      code: invite.code,
      // Undocumented, sent by Discord, and where oceanic.js looks for the guild.
      guild_id: id,
      guild: {
        id,
        name,
        icon: null,
        splash: null,
        banner: null,
        description: view.guild.description,
        features: [],
        verification_level: view.guild.verificationLevel,
        vanity_url_code: null,
        nsfw_level: 0,
        premium_subscription_count: 0,
      },
      channel: { id: wireChannel.id, type: wireChannel.type, name: wireChannel.name },
      ...(inviter ? { inviter: userToWire(inviter) } : {}),
      approximate_member_count: view.memberCount,
      approximate_presence_count: view.memberCount,
      uses: 0,
      max_uses: invite.maxUses,
      max_age: invite.maxAge,
      temporary: invite.temporary,
      created_at: new Date(invite.createdAt).toISOString(),
      expires_at: invite.maxAge === 0 ? null : new Date(invite.createdAt + invite.maxAge * 1_000).toISOString(),
    }
  }
}
