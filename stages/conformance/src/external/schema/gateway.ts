import {
  array,
  boolean,
  emptyArray,
  gatewayUrl,
  id,
  nonEmptyString,
  object,
  oneOf,
  orNull,
  type Schema,
  string,
  timestamp,
  uint,
} from './build.ts'
import { directChannel, guild, guildChannel, guildCreate, inviteTarget, role } from './guilds.ts'
import {
  emojiCleared,
  messageDeleted,
  messageEvent,
  messagesDeleted,
  reactionAdded,
  reactionRemoved,
  reactionsCleared,
} from './messages.ts'
import { member, memberEvent, presence, readyUser, user, voiceState } from './users.ts'

const ready = object(
  {
    v: oneOf(9, 10),
    user: readyUser,
    guilds: array(object({ id, unavailable: { const: true } })),
    session_id: nonEmptyString,
    resume_gateway_url: gatewayUrl,
    application: object({ id, flags: uint }),
    private_channels: array(directChannel),
  },
  {
    shard: array(uint, { minItems: 2, maxItems: 2 }),
    // Undocumented fields that Discord sends to bots and some libraries read.
    _trace: array(string),
    geo_ordered_rtc_regions: emptyArray,
    guild_join_requests: emptyArray,
    presences: emptyArray,
    relationships: emptyArray,
    session_type: string,
    user_settings: object({}),
  },
)

const chunk = object(
  {
    guild_id: id,
    members: array(member, { maxItems: 1_000 }),
    chunk_index: uint,
    chunk_count: { type: 'integer', minimum: 1 },
  },
  { not_found: array(nonEmptyString), presences: array(presence), nonce: nonEmptyString },
)

const invite = object(
  {
    guild_id: id,
    channel_id: id,
    code: nonEmptyString,
    created_at: timestamp,
    max_age: uint,
    max_uses: uint,
    temporary: boolean,
    uses: uint,
    expires_at: orNull(timestamp),
  },
  // Discord documents no `guild` and `channel` here. GET answers them for the same invite.
  { inviter: user, type: { const: 0 }, ...inviteTarget },
)

const roleEvent = object({ guild_id: id, role })

/** The schema of `d`, by the name of the dispatch. */
export const DISPATCHES: Readonly<Record<string, Schema>> = {
  READY: ready,
  // oceanic.js throws on null.
  RESUMED: { type: 'object' },
  GUILD_CREATE: guildCreate,
  GUILD_UPDATE: guild,
  GUILD_DELETE: object({ id }, { unavailable: boolean }),
  GUILD_ROLE_CREATE: roleEvent,
  GUILD_ROLE_UPDATE: roleEvent,
  GUILD_ROLE_DELETE: object({ guild_id: id, role_id: id }),
  CHANNEL_CREATE: { oneOf: [guildChannel, directChannel] },
  CHANNEL_UPDATE: guildChannel,
  CHANNEL_DELETE: { oneOf: [guildChannel, directChannel] },
  GUILD_MEMBER_ADD: memberEvent,
  GUILD_MEMBER_UPDATE: memberEvent,
  GUILD_MEMBER_REMOVE: object({ guild_id: id, user }),
  GUILD_MEMBERS_CHUNK: chunk,
  INVITE_CREATE: invite,
  INVITE_DELETE: object({ channel_id: id, code: nonEmptyString }, { guild_id: id }),
  MESSAGE_CREATE: messageEvent,
  MESSAGE_UPDATE: messageEvent,
  MESSAGE_DELETE: messageDeleted,
  MESSAGE_DELETE_BULK: messagesDeleted,
  MESSAGE_REACTION_ADD: reactionAdded,
  MESSAGE_REACTION_REMOVE: reactionRemoved,
  MESSAGE_REACTION_REMOVE_ALL: reactionsCleared,
  MESSAGE_REACTION_REMOVE_EMOJI: emojiCleared,
  PRESENCE_UPDATE: presence,
  // The timestamp is in seconds, not milliseconds.
  TYPING_START: object({ channel_id: id, user_id: id, timestamp: uint }, { guild_id: id, member }),
  VOICE_STATE_UPDATE: voiceState,
  VOICE_SERVER_UPDATE: object({
    token: nonEmptyString,
    guild_id: id,
    endpoint: orNull(nonEmptyString),
  }),
}
