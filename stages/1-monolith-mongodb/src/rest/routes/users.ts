import { APPLICATION_FLAGS, compareIds, refuse } from '@threshold/contract'
import { type Channel, guildPermissions, type User, userToWire } from '@threshold/domain'
import { restInput } from '../../input/index.ts'
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
    ownUserToWire(await context.requireUser(request.userId, request.deadline)),
  )
  add('get', '/users/@me/guilds', 'user.guilds', listGuilds)
  add('delete', '/users/@me/guilds/:guild', 'user.leave', async (request) => {
    const { userId, params } = request
    const command = { type: 'member.remove', by: userId, userId } as const
    await executeOrThrow(context, params.guild!, command, request)
    return undefined
  })
  add('get', '/users/@me/channels', 'user.dms', async ({ userId, deadline }) => {
    const channels = await ports.metadata.dmsOf(userId, deadline)
    return directChannelsToWire(context, userId, channels, deadline)
  })
  add('post', '/users/@me/channels', 'user.open-dm', openDm)
  add('get', '/users/:user', 'user.get', async ({ userId, params, deadline }) => {
    await context.requireUser(userId, deadline)
    const id = params.user!
    const user = (await context.users([id], deadline)).get(id)
    if (!user) throw refuse.unknownUser()
    return userToWire(user)
  })
  for (const path of ['/oauth2/applications/@me', '/applications/@me'])
    add('get', path, 'application.me', async ({ userId, deadline }) => {
      const user = await context.requireUser(userId, deadline)
      const guilds = await ports.metadata.guildsOf(userId, deadline)
      return applicationToWire(user, guilds.length)
    })

  async function listGuilds(request: ApiRequest): Promise<object[]> {
    const { userId, deadline } = request
    const { limit, after, before, with_counts } = parseInput(restInput.guildsQuery, request.query)
    const ids = (await ports.metadata.guildsOf(userId, deadline)).toSorted(compareIds)
    const inRange = ids.filter(
      (id) =>
        (after === undefined || compareIds(id, after) > 0) &&
        (before === undefined || compareIds(id, before) < 0),
    )
    const page = before === undefined ? inRange.slice(0, limit) : inRange.slice(-limit)
    const views = await Promise.all(page.map((id) => ports.hub.view(id, userId, deadline)))
    const shown = views.map(async (view) => {
      if (!view) return []
      const { guild, me, memberCount } = view
      const roles = new Map(view.roles.map((role) => [role.id, role]))
      return [
        {
          id: guild.id,
          name: guild.name,
          icon: null,
          banner: null,
          owner: guild.ownerId === userId,
          permissions: guildPermissions({ guild, roles }, me).toString(),
          features: [],
          ...(with_counts ? await approximateCounts(context, request, guild.id, memberCount) : {}),
        },
      ]
    })
    return (await Promise.all(shown)).flat()
  }

  async function openDm(request: ApiRequest): Promise<object> {
    const { userId, deadline } = request
    const { recipient_id } = parseInput(restInput.createDm, request.body)
    const users = await context.users([userId, recipient_id], deadline)
    if (!users.has(recipient_id)) throw refuse.unknownUser()
    if (recipient_id === userId) throw refuse.dmNotAllowed()
    const candidate = dmChannel(context.tools.newId(), [userId, recipient_id].sort(compareIds))
    const channel = await ports.metadata.openDm(candidate, deadline)
    if (channel.id === candidate.id) {
      // Discord sends no CHANNEL_CREATE of a direct message to bots since gateway v8: their
      // libraries take each one for a guild's channel.
      const people = channel.recipients!.filter((id) => users.get(id)?.bot === false)
      for (const user of people) {
        const [data] = await directChannelsToWire(context, user, [channel], deadline)
        const id = `${channel.id}:${user}`
        const event = { v: 1, id, type: 'CHANNEL_CREATE', data: data! } as const
        await ports.hub.publishToUsers([user], event, deadline)
      }
    }
    return (await directChannelsToWire(context, userId, [channel], deadline))[0]!
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

/** A user as only they themselves see it. */
const ownUserToWire = (user: User): object => ({
  ...userToWire(user),
  verified: true,
  email: null,
  mfa_enabled: false,
  locale: 'en-US',
  premium_type: 0,
})

/** Every workshop user is an application of its own. Libraries learn their own id from it. */
const applicationToWire = (user: User, guilds: number): object => ({
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
  // Only guilds can install an application here, so these counts are true.
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
