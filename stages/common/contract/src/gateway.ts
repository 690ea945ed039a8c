import { ApplicationFlags, GatewayIntentBits, GatewayOpcodes } from 'discord-api-types/v10'

export {
  GatewayCloseCodes as CloseCode,
  GatewayIntentBits as Intent,
  GatewayOpcodes as Op,
} from 'discord-api-types/v10'

/**
 * An intent that Discord accepts and does not document. interactions.py sends it with all others.
 * It admits no event here.
 */
const UNDOCUMENTED = 1 << 17

const KNOWN_INTENTS = Object.values(GatewayIntentBits).reduce<number>(
  (all, bit) => (typeof bit === 'number' ? all | bit : all),
  UNDOCUMENTED,
)

/** Whether `intents` is a set of known bits. */
export const intentsAreValid = (intents: number): boolean =>
  Number.isSafeInteger(intents) &&
  intents >= 0 &&
  (intents & ~KNOWN_INTENTS) === 0 &&
  intents <= KNOWN_INTENTS

/**
 * The flags say that an application may use the privileged intents, as every workshop user may.
 * disnake checks them first.
 */
export const APPLICATION_FLAGS: number =
  ApplicationFlags.GatewayPresenceLimited |
  ApplicationFlags.GatewayGuildMembersLimited |
  ApplicationFlags.GatewayMessageContentLimited

/** The intent that admits an event. Events that are not listed need none. */
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

/** Whether a session with these intents receives an event. */
export function intentsAdmit(intents: number, event: string, inGuild: boolean): boolean {
  const needed = INTENT_OF[event]?.[inGuild ? 0 : 1] ?? 0
  return needed === 0 || (intents & needed) !== 0
}

/** Opcodes that a client may send. The gateway closes with 4001 on any other. */
export const CLIENT_OPS: ReadonlySet<number> = new Set([
  GatewayOpcodes.Heartbeat,
  GatewayOpcodes.Identify,
  GatewayOpcodes.PresenceUpdate,
  GatewayOpcodes.VoiceStateUpdate,
  GatewayOpcodes.Resume,
  GatewayOpcodes.RequestGuildMembers,
])
