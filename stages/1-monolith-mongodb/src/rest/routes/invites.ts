import { Permission, refuse, timeToWire } from '@threshold/contract'
import {
  type Channel,
  channelToWire,
  type Guild,
  hasPermission,
  type Invite,
  type User,
  userToWire,
} from '@threshold/domain'
import { deadlineAfter, messageOf } from '@threshold/kit'
import { restInput } from '../../input/index.ts'
import type { Context } from '../context.ts'
import { executeOrThrow, firstEvent } from '../execute-command.ts'
import { approximateCounts, authorizeGuild, requireGuildView } from '../guild-access.ts'
import { type AddRoute, type ApiRequest, parseInput } from '../route.ts'

/** Time to give back a use; the request's own may be over. */
const GIVE_BACK_TIMEOUT_MS = 2_000

/** The guild and channel that an invite leads to. */
interface InviteTarget {
  readonly guild: Guild
  readonly channel: Channel
  readonly memberCount: number
}

export function inviteRoutes(add: AddRoute, context: Context): void {
  const { ports, runtime } = context

  add('post', '/channels/:channel/invites', 'invite.create', async (request) => {
    const input = parseInput(restInput.createInvite, request.body)
    const access = await context.authorizeChannel(request, Permission.CreateInstantInvite)
    if (access.kind === 'dm') throw refuse.dmNotAllowed()
    const invite: Invite = {
      v: 1,
      code: runtime.random(6).toString('base64url'),
      guildId: access.guildId,
      channelId: access.channel.id,
      inviterId: request.userId,
      createdAt: runtime.clock.now(),
      maxAge: input.max_age ?? 86_400,
      maxUses: input.max_uses ?? 0,
      uses: 0,
      temporary: input.temporary ?? false,
    }
    await ports.metadata.createInvite(invite, request.deadline)
    const body = await inviteToWire(request, invite)
    await publish(request, invite, 'INVITE_CREATE', body)
    return body
  })

  add('get', '/channels/:channel/invites', 'invite.list', async (request) => {
    const { channel } = await context.authorizeChannel(request, Permission.ManageChannels)
    const invites = await ports.metadata.invitesOf(channel.id, request.deadline)
    return Promise.all(invites.map((invite) => inviteToWire(request, invite)))
  })

  /** ViewAuditLog shows the invites; only ManageGuild shows their uses as well. */
  add('get', '/guilds/:guild/invites', 'invite.list-guild', async (request) => {
    const { userId, deadline } = request
    const { permissions } = await authorizeGuild(context, request, 0n)
    const manages = hasPermission(permissions, Permission.ManageGuild)
    if (!manages && !hasPermission(permissions, Permission.ViewAuditLog))
      throw refuse.missingPermissions()
    const { guild, memberCount } = await requireGuildView(context, request)
    const invites = await ports.metadata.invitesOfGuild(guild.id, deadline)
    const channels = new Map<string, Channel>()
    for (const channelId of new Set(invites.map((invite) => invite.channelId))) {
      const access = await ports.hub.access(guild.id, [userId], channelId, deadline)
      if (access.kind === 'found' && access.members.has(userId))
        channels.set(channelId, access.channel!)
    }
    const bodies = invites.map(async (invite) => {
      const channel = channels.get(invite.channelId)
      if (!channel) return []
      const body = await inviteToWire(request, invite, { guild, channel, memberCount })
      return [manages ? body : withoutMetadata(body)]
    })
    return (await Promise.all(bodies)).flat()
  })

  add('get', '/invites/:code', 'invite.get', async (request) => {
    const { with_counts: counts } = parseInput(restInput.inviteQuery, request.query)
    const invite = await findInvite(request)
    const target = await findInviteTarget(request, invite)
    return {
      ...(await inviteToWire(request, invite, target)),
      ...(counts
        ? await approximateCounts(context, request, invite.guildId, target.memberCount)
        : {}),
    }
  })

  /** Discord lets no bot accept an invite. This server does, since the chat page joins by them. */
  add('post', '/invites/:code', 'invite.accept', async (request) => {
    const { userId, deadline } = request
    const invite = await findInvite(request)
    const user = await context.requireUser(userId, deadline)
    const access = await ports.hub.access(invite.guildId, [userId], undefined, deadline)
    if (access.kind !== 'found') throw refuse.unknownInvite()
    if (!access.members.has(userId)) {
      if (!(await ports.metadata.useInvite(invite.code, deadline))) throw refuse.unknownInvite()
      let joined = false
      try {
        joined = await join(request, invite, user)
      } finally {
        if (!joined) await giveBackUse(invite)
      }
    }
    return inviteToWire(request, invite)
  })

  add('delete', '/invites/:code', 'invite.delete', async (request) => {
    const invite = await findInvite(request)
    const body = await inviteToWire(request, invite)
    await context.authorizeChannel(request, Permission.ManageChannels, invite.channelId)
    await ports.metadata.removeInvite(invite.code, request.deadline)
    // The invite is deleted, so the request succeeds: a retry would only get 404.
    await publish(request, invite, 'INVITE_DELETE', { code: invite.code }).catch((error: unknown) =>
      runtime.log.warn({ err: messageOf(error) }, 'the deletion of an invite was not published'),
    )
    return body
  })

  /** Only members who may list the channel's invites receive it: its code lets anyone in. */
  async function publish(
    { deadline }: ApiRequest,
    { code, guildId, channelId }: Invite,
    type: 'INVITE_CREATE' | 'INVITE_DELETE',
    body: object,
  ): Promise<void> {
    const data = { ...body, channel_id: channelId, guild_id: guildId }
    const requiredPermissions = Permission.ManageChannels
    const event = {
      v: 1,
      id: `${type}:${code}`,
      type,
      data,
      channelId,
      requiredPermissions,
    } as const
    await ports.hub.publish(guildId, event, deadline)
  }

  /**
   * Resolves with false if the user joined some other way meanwhile, such as by a second request.
   */
  async function join(request: ApiRequest, invite: Invite, user: User): Promise<boolean> {
    const { guildId, inviterId: by, temporary } = invite
    const joinedAt = runtime.clock.now()
    const member = { user, nick: null, roles: [], joinedAt, temporary }
    const command = { type: 'member.add', by, ...member, invited: true } as const
    const events = await executeOrThrow(context, guildId, command, request)
    return firstEvent(events, 'member.added') !== undefined
  }

  /** Tried once: repeating it after a timeout could give back two uses, and let in one too many. */
  async function giveBackUse({ code }: Invite): Promise<void> {
    const deadline = deadlineAfter(GIVE_BACK_TIMEOUT_MS, runtime.clock)
    await ports.metadata
      .giveBackInvite(code, deadline)
      .catch((error: unknown) =>
        runtime.log.warn({ err: messageOf(error) }, 'a use of an invite is lost'),
      )
  }

  async function findInvite({ params, deadline }: ApiRequest): Promise<Invite> {
    const code = params.code!
    const wellFormed = /^[\w-]{1,32}$/.test(code)
    const invite = wellFormed ? await ports.metadata.invite(code, deadline) : undefined
    if (!invite) throw refuse.unknownInvite()
    return invite
  }

  /**
   * The code alone gives access, so this reads the guild as the inviter sees it. An inviter who has
   * left sees nothing; then the guild is read from the metadata store.
   */
  async function findInviteTarget(
    { deadline }: ApiRequest,
    { guildId, channelId, inviterId }: Invite,
  ): Promise<InviteTarget> {
    const view = await ports.hub.view(guildId, inviterId, deadline)
    const visible = view?.channels.find(({ id }) => id === channelId)
    if (view && visible)
      return { guild: view.guild, channel: visible, memberCount: view.memberCount }
    const state = await ports.metadata.loadGuild(guildId, deadline)
    const channel = state?.channels.get(channelId)
    if (!state || !channel) throw refuse.unknownInvite()
    return { guild: state.guild, channel, memberCount: state.members.size }
  }

  async function inviteToWire(
    request: ApiRequest,
    invite: Invite,
    target?: InviteTarget,
  ): Promise<object> {
    const { guild, channel } = target ?? (await findInviteTarget(request, invite))
    const users = await context.users([invite.inviterId], request.deadline)
    const inviter = users.get(invite.inviterId)
    const { id, type, name } = channelToWire(channel) as { id: string; type: number; name: string }
    return {
      type: 0,
      code: invite.code,
      // Discord sends it without documenting it, and oceanic.js looks up the guild by it.
      guild_id: guild.id,
      guild: {
        id: guild.id,
        name: guild.name,
        icon: null,
        splash: null,
        banner: null,
        description: guild.description,
        features: [],
        verification_level: guild.verificationLevel,
        vanity_url_code: null,
        nsfw: false,
        nsfw_level: 0,
        premium_subscription_count: 0,
      },
      channel: { id, type, name },
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

/** Removes the fields that Discord calls an invite's metadata. */
function withoutMetadata(invite: object): object {
  const { uses, max_uses, max_age, temporary, created_at, ...rest } = invite as Record<
    string,
    unknown
  >
  return rest
}
