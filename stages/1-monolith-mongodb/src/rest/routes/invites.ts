import { Permission, refuse, restInput, timeToWire } from '@threshold/contract'
import {
  type Channel,
  channelToWire,
  type Guild,
  guildToWire,
  hasPermission,
  type Invite,
  type User,
  userToWire,
} from '@threshold/domain'
import { deadlineAfter, messageOf } from '@threshold/kit'
import type { Context } from '../context.ts'
import { executeOrThrow, firstEvent } from '../execute-command.ts'
import { approximateCounts, authorizeGuild, requireGuildView } from '../guild-access.ts'
import { type AddRoute, type ApiRequest, parseInput } from '../route.ts'

/** What giving a use back may take. */
const GIVE_BACK_MS = 2_000

/** Where an invite leads. */
interface Home {
  readonly guild: Guild
  readonly channel: Channel
  readonly memberCount: number
}

/** Without what Discord calls an invite's metadata. */
function withoutUse(invite: object): object {
  const { uses, max_uses, max_age, temporary, created_at, ...rest } = invite as Record<
    string,
    unknown
  >
  return rest
}

export function inviteRoutes(add: AddRoute, context: Context): void {
  const { ports } = context

  add('post', '/channels/:channel/invites', 'invite.create', async (request) => {
    const input = parseInput(restInput.createInvite, request.body)
    const access = await context.authorizeChannel(
      request.userId,
      request.params.channel!,
      Permission.CreateInstantInvite,
      request.deadline,
    )
    if (access.kind === 'dm') throw refuse.dmNotAllowed()
    const invite: Invite = {
      v: 1,
      code: context.runtime.random(6).toString('base64url'),
      guildId: access.guildId,
      channelId: access.channel.id,
      inviterId: request.userId,
      createdAt: context.runtime.clock.now(),
      maxAge: input.max_age ?? 86_400,
      maxUses: input.max_uses ?? 0,
      uses: 0,
      temporary: input.temporary ?? false,
    }
    await ports.metadata.createInvite(invite, request.deadline)
    const body = await inviteToWire(request, invite)
    await tell(request, invite, 'INVITE_CREATE', body)
    return body
  })

  add('get', '/channels/:channel/invites', 'invite.list', async (request) => {
    const access = await context.authorizeChannel(
      request.userId,
      request.params.channel!,
      Permission.ManageChannels,
      request.deadline,
    )
    return Promise.all(
      (await ports.metadata.invitesOf(access.channel.id, request.deadline)).map((invite) =>
        inviteToWire(request, invite),
      ),
    )
  })

  /** A reader of the audit log sees the invites; a manager of the guild also sees their uses. */
  add('get', '/guilds/:guild/invites', 'invite.list-guild', async (request) => {
    const { permissions } = await authorizeGuild(context, request, 0n)
    const manages = hasPermission(permissions, Permission.ManageGuild)
    if (!manages && !hasPermission(permissions, Permission.ViewAuditLog))
      throw refuse.missingPermissions()
    const { guild, memberCount } = await requireGuildView(context, request)
    const invites = await ports.metadata.invitesOfGuild(guild.id, request.deadline)
    const channels = new Map<string, Channel>()
    for (const channelId of new Set(invites.map((invite) => invite.channelId))) {
      const access = await ports.hub.access(guild.id, request.userId, channelId, request.deadline)
      if (access.kind === 'member' && access.channel) channels.set(channelId, access.channel)
    }
    const listed = invites.flatMap((invite) => {
      const channel = channels.get(invite.channelId)
      return channel ? [{ invite, home: { guild, channel, memberCount } }] : []
    })
    return Promise.all(
      listed.map(async ({ invite, home }) => {
        const whole = await inviteToWire(request, invite, home)
        return manages ? whole : withoutUse(whole)
      }),
    )
  })

  add('get', '/invites/:code', 'invite.get', async (request) => {
    const { with_counts: counts } = parseInput(restInput.inviteQuery, request.query)
    const invite = await find(request)
    const { memberCount } = await homeOf(request, invite)
    return {
      ...(await inviteToWire(request, invite)),
      ...(counts ? await approximateCounts(context, request, invite.guildId, memberCount) : {}),
    }
  })

  /**
   * Discord's bots cannot accept invites; the workshop's users can, since the chat page joins by
   * them.
   */
  add('post', '/invites/:code', 'invite.accept', async (request) => {
    const invite = await find(request)
    const user = await context.requireUser(request.userId, request.deadline)
    const access = await ports.hub.access(
      invite.guildId,
      request.userId,
      undefined,
      request.deadline,
    )
    if (access.kind === 'unknown-guild') throw refuse.unknownInvite()
    if (access.kind !== 'member') {
      if (!(await ports.metadata.useInvite(invite.code, request.deadline)))
        throw refuse.unknownInvite()
      let joined = false
      try {
        joined = await join(request, invite, user)
      } finally {
        if (!joined) await giveBack(invite)
      }
    }
    return inviteToWire(request, invite)
  })

  add('delete', '/invites/:code', 'invite.delete', async (request) => {
    const invite = await find(request)
    const body = await inviteToWire(request, invite)
    await context.authorizeChannel(
      request.userId,
      invite.channelId,
      Permission.ManageChannels,
      request.deadline,
    )
    await ports.metadata.removeInvite(invite.code, request.deadline)
    // It is gone: who asks again would be told that there is none.
    await tell(request, invite, 'INVITE_DELETE', { code: invite.code }).catch((error: unknown) =>
      context.runtime.log.warn({ err: messageOf(error) }, 'nobody is told that an invite is gone'),
    )
    return body
  })

  /** Told to whoever could list the channel's invites anyway: the code itself is the way in. */
  async function tell(
    request: ApiRequest,
    { code, guildId, channelId }: Invite,
    type: 'INVITE_CREATE' | 'INVITE_DELETE',
    body: object,
  ): Promise<void> {
    const data = { ...body, channel_id: channelId, guild_id: guildId }
    const requiredPermissions = Permission.ManageChannels
    await ports.hub.publish(
      guildId,
      { v: 1, id: `${type}:${code}`, type, data, channelId, requiredPermissions },
      request.deadline,
    )
  }

  /** False for who got in by another way meanwhile, such as the same invite sent twice. */
  async function join(request: ApiRequest, invite: Invite, user: User): Promise<boolean> {
    const { guildId, inviterId: by, temporary } = invite
    const joinedAt = context.runtime.clock.now()
    const command = {
      type: 'member.add',
      by,
      user,
      nick: null,
      roles: [],
      joinedAt,
      invited: true,
      temporary,
    } as const
    const events = await executeOrThrow(context, guildId, command, request)
    return firstEvent(events, 'member.added') !== undefined
  }

  /**
   * With time of its own, since the join may have used up the request's. What fails here costs a
   * use, and is not tried again.
   */
  async function giveBack({ code }: Invite): Promise<void> {
    const { clock, log } = context.runtime
    await ports.metadata
      .giveBackInvite(code, deadlineAfter(GIVE_BACK_MS, clock))
      .catch((error: unknown) => log.warn({ err: messageOf(error) }, 'an invite’s use is lost'))
  }

  async function find(request: ApiRequest): Promise<Invite> {
    const code = request.params.code!
    const invite = /^[\w-]{1,32}$/.test(code)
      ? await ports.metadata.invite(code, request.deadline)
      : undefined
    if (!invite) throw refuse.unknownInvite()
    return invite
  }

  /**
   * The guild and channel that an invite leads to, whoever asks: who holds the code need not be a
   * member, and an invite outlives its maker's membership. Once it does, that costs a read of the
   * guild.
   */
  async function homeOf(request: ApiRequest, invite: Invite): Promise<Home> {
    const view = await ports.hub.view(invite.guildId, invite.inviterId, request.deadline)
    const seen = view?.channels.find((c) => c.id === invite.channelId)
    if (view && seen) return { guild: view.guild, channel: seen, memberCount: view.memberCount }
    const state = await ports.metadata.loadGuild(invite.guildId, request.deadline)
    const channel = state?.channels.get(invite.channelId)
    if (!state || !channel) throw refuse.unknownInvite()
    return { guild: state.guild, channel, memberCount: state.members.size }
  }

  async function inviteToWire(request: ApiRequest, invite: Invite, known?: Home): Promise<object> {
    const home = known ?? (await homeOf(request, invite))
    const inviter = (await context.users([invite.inviterId], request.deadline)).get(
      invite.inviterId,
    )
    const { id, name } = guildToWire(home.guild, [])
    const wireChannel = channelToWire(home.channel) as { id: string; type: number; name: string }
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
        description: home.guild.description,
        features: [],
        verification_level: home.guild.verificationLevel,
        vanity_url_code: null,
        nsfw: false,
        nsfw_level: 0,
        premium_subscription_count: 0,
      },
      channel: { id: wireChannel.id, type: wireChannel.type, name: wireChannel.name },
      ...(inviter ? { inviter: userToWire(inviter) } : {}),
      uses: invite.uses,
      max_uses: invite.maxUses,
      max_age: invite.maxAge,
      temporary: invite.temporary,
      created_at: timeToWire(invite.createdAt),
      expires_at: invite.maxAge === 0 ? null : timeToWire(invite.createdAt + invite.maxAge * 1_000),
    }
  }
}
