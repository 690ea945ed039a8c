import {
  array,
  boolean,
  emptyArray,
  gatewayUrl,
  id,
  nonEmptyString,
  nullValue,
  object,
  type Schema,
  string,
  uint,
} from './build.ts'
import {
  channel,
  directChannel,
  guild,
  guildChannel,
  invite,
  inviteWithMetadata,
  ownGuild,
  role,
} from './guilds.ts'
import { message, pins, searchResult } from './messages.ts'
import { application, member, ownUser, user, voiceState } from './users.ts'

const fieldError = object({ code: nonEmptyString, message: nonEmptyString })

/**
 * Every error response. `errors` is nested as the form is, and `_errors` ends each path. ajv needs
 * an `$id` to follow the recursion.
 */
export const error: Schema = {
  $id: 'error',
  ...object(
    { code: uint, message: nonEmptyString },
    { errors: { $ref: '#/$defs/form' }, retry_after: { type: 'number', minimum: 0 } },
  ),
  $defs: {
    form: {
      type: 'object',
      minProperties: 1,
      properties: { _errors: array(fieldError, { minItems: 1 }) },
      additionalProperties: { $ref: '#/$defs/form' },
    },
  },
}

/** 429: how long to wait, and whether the limit applies to all routes. */
export const rateLimited = object({
  code: uint,
  message: nonEmptyString,
  retry_after: { type: 'number', minimum: 0 },
  global: boolean,
})

const sessionStartLimit = object({
  total: uint,
  remaining: uint,
  reset_after: uint,
  max_concurrency: { type: 'integer', minimum: 1 },
})
const region = object({
  id: nonEmptyString,
  name: nonEmptyString,
  custom: boolean,
  deprecated: boolean,
  optimal: boolean,
})
const noThreads = object(
  { threads: emptyArray, members: emptyArray },
  { has_more: { const: false } },
)
const auditLog = object(
  Object.fromEntries(
    [
      'audit_log_entries',
      'users',
      'integrations',
      'webhooks',
      'guild_scheduled_events',
      'threads',
      'application_commands',
      'auto_moderation_rules',
    ].map((list) => [list, emptyArray]),
  ),
)

/** The body of each successful response, by method and route. A 204 has no entry. */
export const RESPONSES: Readonly<Record<string, Schema>> = {
  'GET /gateway': object({ url: gatewayUrl }),
  'GET /gateway/bot': object({
    url: gatewayUrl,
    shards: { type: 'integer', minimum: 1 },
    session_start_limit: sessionStartLimit,
  }),
  'GET /oauth2/applications/@me': application,
  'GET /applications/@me': application,
  'GET /users/@me': ownUser,
  'GET /users/@me/guilds': array(ownGuild, { maxItems: 200 }),
  'GET /users/@me/channels': array(directChannel),
  'POST /users/@me/channels': directChannel,
  'GET /users/@me/connections': emptyArray,
  'GET /users/:user': user,
  'POST /guilds': guild,
  'GET /guilds/:guild': guild,
  'PATCH /guilds/:guild': guild,
  'GET /guilds/:guild/channels': array(guildChannel),
  'POST /guilds/:guild/channels': guildChannel,
  'GET /guilds/:guild/members': array(member, { maxItems: 1_000 }),
  'GET /guilds/:guild/members/search': array(member, { maxItems: 1_000 }),
  'GET /guilds/:guild/members/:user': member,
  'PUT /guilds/:guild/members/:user': member,
  'PATCH /guilds/:guild/members/@me': member,
  'PATCH /guilds/:guild/members/:user': member,
  'PATCH /guilds/:guild/members/@me/nick': object({ nick: { type: ['string', 'null'] } }),
  'GET /guilds/:guild/roles': array(role, { minItems: 1 }),
  'POST /guilds/:guild/roles': role,
  'PATCH /guilds/:guild/roles': array(role, { minItems: 1 }),
  'GET /guilds/:guild/roles/member-counts': {
    type: 'object',
    propertyNames: id,
    additionalProperties: uint,
  },
  'GET /guilds/:guild/voice-states/@me': voiceState,
  'GET /guilds/:guild/voice-states/:user': voiceState,
  'GET /guilds/:guild/roles/:role': role,
  'PATCH /guilds/:guild/roles/:role': role,
  'GET /guilds/:guild/messages/search': searchResult,
  // The metadata is only for users who may manage the guild.
  'GET /guilds/:guild/invites': array(invite),
  'GET /channels/:channel': channel,
  'PATCH /channels/:channel': channel,
  'DELETE /channels/:channel': channel,
  'GET /channels/:channel/messages': array(message, { maxItems: 100 }),
  'POST /channels/:channel/messages': message,
  'GET /channels/:channel/messages/:message': message,
  'PATCH /channels/:channel/messages/:message': message,
  'GET /channels/:channel/messages/:message/reactions/:emoji': array(user, { maxItems: 100 }),
  'GET /channels/:channel/messages/pins': pins,
  'GET /channels/:channel/pins': emptyArray,
  'GET /channels/:channel/invites': array(inviteWithMetadata),
  'POST /channels/:channel/invites': inviteWithMetadata,
  'GET /invites/:code': invite,
  'POST /invites/:code': invite,
  'DELETE /invites/:code': invite,
  // No stage has these resources, so the response is empty.
  'GET /guilds/:guild/threads/active': noThreads,
  'GET /channels/:channel/threads/archived/public': noThreads,
  'GET /channels/:channel/threads/archived/private': noThreads,
  'GET /channels/:channel/users/@me/threads/archived/private': noThreads,
  'GET /channels/:channel/webhooks': emptyArray,
  'GET /guilds/:guild/emojis': emptyArray,
  'GET /guilds/:guild/stickers': emptyArray,
  'GET /guilds/:guild/webhooks': emptyArray,
  'GET /guilds/:guild/bans': emptyArray,
  'GET /guilds/:guild/scheduled-events': emptyArray,
  'GET /guilds/:guild/auto-moderation/rules': emptyArray,
  'GET /guilds/:guild/integrations': emptyArray,
  'GET /guilds/:guild/templates': emptyArray,
  'GET /guilds/:guild/audit-logs': auditLog,
  'GET /guilds/:guild/vanity-url': object({ code: nullValue, uses: { const: 0 } }),
  'GET /guilds/:guild/widget': object({ enabled: { const: false }, channel_id: nullValue }),
  'GET /guilds/:guild/onboarding': object({
    guild_id: id,
    prompts: emptyArray,
    default_channel_ids: emptyArray,
    enabled: { const: false },
    mode: { const: 0 },
  }),
  'GET /guilds/:guild/regions': array(region),
  'GET /guilds/:guild/soundboard-sounds': object({ items: emptyArray }),
  'GET /voice/regions': array(region),
  'GET /applications/:application/emojis': object({ items: emptyArray }),
  'GET /applications/:application/commands': emptyArray,
  'GET /applications/:application/guilds/:guild/commands': emptyArray,
  'GET /applications/:application/entitlements': emptyArray,
  'GET /applications/:application/skus': emptyArray,
  'GET /applications/:application/role-connections/metadata': emptyArray,
  'GET /applications/:application/guilds/:guild/commands/permissions': emptyArray,
  'GET /soundboard-default-sounds': emptyArray,
  'GET /sticker-packs': object({ sticker_packs: emptyArray }),
  'POST /workshop/users': object({ id, token: string }),
}
