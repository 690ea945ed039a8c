import { type ApiError, invalidField, refuse } from '@threshold/contract'
import type { GuildCommand, GuildEvent, Refusal } from '@threshold/domain'
import type { Context } from './context.ts'
import type { Requester } from './route.ts'

/** The contract's error for each reason for which a guild refuses a command. */
const ERRORS: Readonly<Record<Refusal | 'unknown-guild', () => ApiError>> = {
  'unknown-guild': refuse.unknownGuild,
  'unknown-channel': refuse.unknownChannel,
  'unknown-role': refuse.unknownRole,
  'unknown-member': refuse.unknownMember,
  'unknown-user': refuse.unknownUser,
  'unknown-overwrite': refuse.unknownOverwrite,
  'not-in-call': refuse.notInVoice,
  'no-access': refuse.missingAccess,
  'no-permission': refuse.missingPermissions,
  'invalid-role': refuse.invalidRole,
  'invalid-parent': () =>
    invalidField('parent_id', 'CHANNEL_PARENT_INVALID', 'Not a category of this guild'),
  'full-category': () =>
    invalidField(
      'parent_id',
      'CHANNEL_PARENT_MAX_CHANNELS',
      'Maximum number of channels in category reached (50)',
    ),
  'invalid-channel': () =>
    invalidField('type', 'BASE_TYPE_CHOICES', 'This channel cannot become that type'),
  'invalid-name': () =>
    invalidField('name', 'BASE_TYPE_BAD_LENGTH', 'Must be between 1 and 100 in length.'),
  'invalid-system-channel': () =>
    invalidField(
      'system_channel_id',
      'GUILD_SYSTEM_CHANNEL_INVALID',
      'Must be a text channel of this guild',
    ),
  'invalid-afk-channel': () =>
    invalidField(
      'afk_channel_id',
      'GUILD_AFK_CHANNEL_INVALID',
      'Must be a voice channel of this guild',
    ),
  'too-many': () => invalidField('id', 'BASE_TYPE_MAX_LENGTH', 'Maximum number reached'),
}

/** Executes a command in a guild. Throws the contract's error if the guild refuses it. */
export async function executeOrThrow(
  context: Context,
  guildId: string,
  command: GuildCommand,
  { deadline }: Pick<Requester, 'deadline'>,
): Promise<readonly GuildEvent[]> {
  const result = await context.ports.hub.execute(guildId, command, deadline)
  if (result.ok) return result.events
  throw ERRORS[result.refusal]()
}

/** The first event of these types, which carries the value that the command made or changed. */
export function firstEvent<T extends GuildEvent['type']>(
  events: readonly GuildEvent[],
  ...types: T[]
): Extract<GuildEvent, { type: T }> | undefined {
  return events.find((event): event is Extract<GuildEvent, { type: T }> =>
    (types as string[]).includes(event.type),
  )
}
