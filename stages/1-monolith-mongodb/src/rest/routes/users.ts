import { APPLICATION_FLAGS, compareIds, refuse, restInput } from '@threshold/contract'
import { type Channel, guildPermissions, type User, userToWire } from '@threshold/domain'
import type { Context } from '../context.ts'
import { directChannelsToWire } from '../direct-channels.ts'
import { executeOrThrow } from '../execute-command.ts'
import { approximateCounts } from '../guild-access.ts'
import { type AddRoute, type ApiRequest, parseInput } from '../route.ts'

export function userRoutes(add: AddRoute, context: Context): void {
  const { ports } = context

  add('get', '/gateway', 'gateway.url', async (request) => ({ url: request.gatewayUrl }), {
    anonymous: true,
  })
  add('get', '/gateway/bot', 'gateway.bot', async (request) => ({
    url: request.gatewayUrl,
    shards: 1,
    session_start_limit: {
      total: 1_000,
      remaining: 1_000,
      reset_after: 86_400_000,
      max_concurrency: 16,
    },
  }))

  add('get', '/users/@me', 'user.me', async (request) =>
    ownUser(await context.requireUser(request.userId, request.deadline)),
  )
  add('get', '/users/@me/guilds', 'user.guilds', listGuilds)
  add('delete', '/users/@me/guilds/:guild', 'user.leave', async (request) => {
    await executeOrThrow(
      context,
      request.params.guild!,
      { type: 'member.remove', by: request.userId, userId: request.userId },
      request,
    )
    return undefined
  })
  add('get', '/users/@me/channels', 'user.dms', async (request) =>
    directChannelsToWire(
      context,
      request.userId,
      await ports.metadata.dmsOf(request.userId, request.deadline),
      request.deadline,
    ),
  )
  add('post', '/users/@me/channels', 'user.open-dm', openDm)
  add('get', '/users/:user', 'user.get', async (request) => {
    await context.requireUser(request.userId, request.deadline)
    const user = (await context.users([request.params.user!], request.deadline)).get(
      request.params.user!,
    )
    if (!user) throw refuse.unknownUser()
    return userToWire(user)
  })
  for (const path of ['/oauth2/applications/@me', '/applications/@me'])
    add('get', path, 'application.me', async (request) =>
      application(
        await context.requireUser(request.userId, request.deadline),
        (await ports.metadata.guildsOf(request.userId, request.deadline)).length,
      ),
    )

  async function listGuilds(request: ApiRequest): Promise<object[]> {
    const {
      limit,
      after,
      before,
      with_counts: counts,
    } = parseInput(restInput.guildsQuery, request.query)
    const ids = (await ports.metadata.guildsOf(request.userId, request.deadline)).toSorted(
      compareIds,
    )
    const page = ids.filter(
      (id) =>
        (after === undefined || compareIds(id, after) > 0) &&
        (before === undefined || compareIds(id, before) < 0),
    )
    const views = await Promise.all(
      (before === undefined ? page.slice(0, limit) : page.slice(-limit)).map((id) =>
        ports.hub.view(id, request.userId, request.deadline),
      ),
    )
    const shown = views.map(async (view) => {
      if (!view) return []
      const { guild, me } = view
      const permissions = guildPermissions(
        { guild, roles: new Map(view.roles.map((r) => [r.id, r])) },
        me,
      )
      return [
        {
          id: guild.id,
          name: guild.name,
          icon: null,
          banner: null,
          owner: guild.ownerId === request.userId,
          permissions: permissions.toString(),
          features: [],
          ...(counts ? await approximateCounts(context, request, guild.id, view.memberCount) : {}),
        },
      ]
    })
    return (await Promise.all(shown)).flat()
  }

  async function openDm(request: ApiRequest): Promise<object> {
    const { recipient_id } = parseInput(restInput.createDm, request.body)
    const people = await context.users([request.userId, recipient_id], request.deadline)
    if (!people.has(recipient_id)) throw refuse.unknownUser()
    if (recipient_id === request.userId) throw refuse.dmNotAllowed()
    const candidate = dmChannel(
      context.tools.newId(),
      [request.userId, recipient_id].sort(compareIds),
    )
    const channel = await ports.metadata.openDm(candidate, request.deadline)
    if (channel.id === candidate.id) {
      // Bots are not told, as Discord documents since gateway v8: their libraries take every
      // CHANNEL_CREATE for a guild's.
      for (const user of channel.recipients!.filter((id) => people.get(id)?.bot === false)) {
        const [data] = await directChannelsToWire(context, user, [channel], request.deadline)
        await ports.hub.publishToUsers(
          [user],
          { v: 1, id: `${channel.id}:${user}`, type: 'CHANNEL_CREATE', data: data! },
          request.deadline,
        )
      }
    }
    return (await directChannelsToWire(context, request.userId, [channel], request.deadline))[0]!
  }
}

const dmChannel = (id: string, recipients: string[]): Channel => ({
  v: 1,
  id,
  type: 1,
  name: '',
  topic: null,
  position: 0,
  parentId: null,
  nsfw: false,
  rateLimitPerUser: 0,
  overwrites: [],
  recipients,
})

/** What only the user themself reads. */
const ownUser = (user: User): object => ({
  ...userToWire(user),
  verified: true,
  email: null,
  mfa_enabled: false,
  locale: 'en-US',
  premium_type: 0,
})

/** Every workshop user is its own application: the id by which libraries know themselves. */
const application = (user: User, guilds: number): object => ({
  id: user.id,
  name: user.username,
  icon: null,
  description: '',
  summary: '',
  bot_public: true,
  bot_require_code_grant: false,
  bot: userToWire(user),
  owner: userToWire(user),
  team: null,
  verify_key: '0'.repeat(64),
  type: null,
  flags: APPLICATION_FLAGS,
  flags_new: String(APPLICATION_FLAGS),
  approximate_guild_count: guilds,
  // Guilds alone can have an application here, so these are true.
  approximate_user_install_count: 0,
  approximate_user_authorization_count: 0,
  rpc_origins: [],
  tags: [],
  redirect_uris: [],
  interactions_endpoint_url: null,
  role_connections_verification_url: null,
  event_webhooks_url: null,
  event_webhooks_status: 1,
  event_webhooks_types: [],
  explicit_content_filter: 0,
  eligible_oauth2_scopes: [],
})
