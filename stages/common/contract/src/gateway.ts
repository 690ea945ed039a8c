import {
  ApplicationFlags,
  GatewayCloseCodes,
  GatewayIntentBits,
  GatewayOpcodes,
} from 'discord-api-types/v10'

export {
  GatewayCloseCodes as CloseCode,
  GatewayIntentBits as Intent,
  GatewayOpcodes as Op,
} from 'discord-api-types/v10'

/**
 * In no documentation, but taken by Discord: interactions.py has it among all its intents. Admits
 * nothing here.
 */
const UNDOCUMENTED = 1 << 17

const KNOWN_INTENTS = Object.values(GatewayIntentBits).reduce<number>(
  (all, bit) => (typeof bit === 'number' ? all | bit : all),
  UNDOCUMENTED,
)

export const intentsAreValid = (intents: number): boolean =>
  Number.isSafeInteger(intents) &&
  intents >= 0 &&
  (intents & ~KNOWN_INTENTS) === 0 &&
  intents <= KNOWN_INTENTS

/**
 * Every workshop user may have the privileged intents; disnake asks its application's flags before
 * it uses them.
 */
export const APPLICATION_FLAGS: number =
  ApplicationFlags.GatewayPresenceLimited |
  ApplicationFlags.GatewayGuildMembersLimited |
  ApplicationFlags.GatewayMessageContentLimited

/**
 * The intent that admits an event, in a guild and in a direct message. An event that is not listed
 * goes to everyone.
 */
const INTENT_OF: Readonly<Record<string, readonly [guild: number, dm: number]>> = {
  GUILD_CREATE: [GatewayIntentBits.Guilds, 0],
  GUILD_UPDATE: [GatewayIntentBits.Guilds, 0],
  GUILD_DELETE: [GatewayIntentBits.Guilds, 0],
  GUILD_ROLE_CREATE: [GatewayIntentBits.Guilds, 0],
  GUILD_ROLE_UPDATE: [GatewayIntentBits.Guilds, 0],
  GUILD_ROLE_DELETE: [GatewayIntentBits.Guilds, 0],
  CHANNEL_CREATE: [GatewayIntentBits.Guilds, 0],
  CHANNEL_UPDATE: [GatewayIntentBits.Guilds, 0],
  CHANNEL_DELETE: [GatewayIntentBits.Guilds, 0],
  GUILD_MEMBER_ADD: [GatewayIntentBits.GuildMembers, 0],
  GUILD_MEMBER_UPDATE: [GatewayIntentBits.GuildMembers, 0],
  GUILD_MEMBER_REMOVE: [GatewayIntentBits.GuildMembers, 0],
  INVITE_CREATE: [GatewayIntentBits.GuildInvites, 0],
  INVITE_DELETE: [GatewayIntentBits.GuildInvites, 0],
  VOICE_STATE_UPDATE: [GatewayIntentBits.GuildVoiceStates, 0],
  PRESENCE_UPDATE: [GatewayIntentBits.GuildPresences, 0],
  MESSAGE_CREATE: [GatewayIntentBits.GuildMessages, GatewayIntentBits.DirectMessages],
  MESSAGE_UPDATE: [GatewayIntentBits.GuildMessages, GatewayIntentBits.DirectMessages],
  MESSAGE_DELETE: [GatewayIntentBits.GuildMessages, GatewayIntentBits.DirectMessages],
  MESSAGE_DELETE_BULK: [GatewayIntentBits.GuildMessages, 0],
  MESSAGE_REACTION_ADD: [
    GatewayIntentBits.GuildMessageReactions,
    GatewayIntentBits.DirectMessageReactions,
  ],
  MESSAGE_REACTION_REMOVE: [
    GatewayIntentBits.GuildMessageReactions,
    GatewayIntentBits.DirectMessageReactions,
  ],
  MESSAGE_REACTION_REMOVE_ALL: [
    GatewayIntentBits.GuildMessageReactions,
    GatewayIntentBits.DirectMessageReactions,
  ],
  MESSAGE_REACTION_REMOVE_EMOJI: [
    GatewayIntentBits.GuildMessageReactions,
    GatewayIntentBits.DirectMessageReactions,
  ],
  TYPING_START: [GatewayIntentBits.GuildMessageTyping, GatewayIntentBits.DirectMessageTyping],
}

export function intentsAdmit(intents: number, event: string, inGuild: boolean): boolean {
  const needed = INTENT_OF[event]?.[inGuild ? 0 : 1] ?? 0
  return needed === 0 || (intents & needed) !== 0
}

/** Opcodes a client may send. Anything else closes with 4001. */
export const CLIENT_OPS: ReadonlySet<number> = new Set([
  GatewayOpcodes.Heartbeat,
  GatewayOpcodes.Identify,
  GatewayOpcodes.PresenceUpdate,
  GatewayOpcodes.VoiceStateUpdate,
  GatewayOpcodes.Resume,
  GatewayOpcodes.RequestGuildMembers,
])

/** Close codes after which a client may not resume: it said goodbye, or it must log in anew. */
export const SESSION_ENDING_CLOSE_CODES: ReadonlySet<number> = new Set([
  1000,
  1001,
  GatewayCloseCodes.AuthenticationFailed,
  GatewayCloseCodes.InvalidShard,
  GatewayCloseCodes.InvalidAPIVersion,
  GatewayCloseCodes.InvalidIntents,
])
