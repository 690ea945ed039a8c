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

const { Guilds, GuildMembers, GuildInvites, GuildVoiceStates, GuildPresences } = GatewayIntentBits
const { GuildMessages, GuildMessageReactions, GuildMessageTyping } = GatewayIntentBits
const { DirectMessages, DirectMessageReactions, DirectMessageTyping } = GatewayIntentBits

/** The events that an intent admits, in guilds and in direct messages. 0: no intent is needed. */
const EVENTS: readonly (readonly [guild: number, dm: number, events: readonly string[]])[] = [
  [Guilds, 0, ['GUILD_CREATE', 'GUILD_UPDATE', 'GUILD_DELETE']],
  [Guilds, 0, ['GUILD_ROLE_CREATE', 'GUILD_ROLE_UPDATE', 'GUILD_ROLE_DELETE']],
  [Guilds, 0, ['CHANNEL_CREATE', 'CHANNEL_UPDATE', 'CHANNEL_DELETE']],
  [GuildMembers, 0, ['GUILD_MEMBER_ADD', 'GUILD_MEMBER_UPDATE', 'GUILD_MEMBER_REMOVE']],
  [GuildInvites, 0, ['INVITE_CREATE', 'INVITE_DELETE']],
  [GuildVoiceStates, 0, ['VOICE_STATE_UPDATE']],
  [GuildPresences, 0, ['PRESENCE_UPDATE']],
  [GuildMessages, DirectMessages, ['MESSAGE_CREATE', 'MESSAGE_UPDATE', 'MESSAGE_DELETE']],
  [GuildMessages, 0, ['MESSAGE_DELETE_BULK']],
  [
    GuildMessageReactions,
    DirectMessageReactions,
    [
      'MESSAGE_REACTION_ADD',
      'MESSAGE_REACTION_REMOVE',
      'MESSAGE_REACTION_REMOVE_ALL',
      'MESSAGE_REACTION_REMOVE_EMOJI',
    ],
  ],
  [GuildMessageTyping, DirectMessageTyping, ['TYPING_START']],
]

/** The intent that admits an event. Events that are not listed need none. */
const INTENT_OF = new Map(
  EVENTS.flatMap(([guild, dm, events]) => events.map((event) => [event, { guild, dm }] as const)),
)

/** Whether a session with these intents receives an event. */
export function intentsAdmit(intents: number, event: string, inGuild: boolean): boolean {
  const needed = INTENT_OF.get(event)?.[inGuild ? 'guild' : 'dm'] ?? 0
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
