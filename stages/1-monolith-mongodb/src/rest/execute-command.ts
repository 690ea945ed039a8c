import { type ApiError, invalidField, refuse } from '@threshold/contract'
import type { GuildCommand, GuildEvent, Refusal } from '@threshold/domain'
import type { Context } from './context.ts'
import type { ApiRequest } from './route.ts'

const ANSWERS: Readonly<Record<Refusal | 'unknown-guild', () => ApiError>> = {
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

/** Asks a guild for something, and turns its no into the contract's. */
export async function executeOrThrow(
  context: Context,
  guildId: string,
  command: GuildCommand,
  request: Pick<ApiRequest, 'deadline'>,
): Promise<readonly GuildEvent[]> {
  const executed = await context.ports.hub.execute(guildId, command, request.deadline)
  if (executed.ok) return executed.events
  throw ANSWERS[executed.refusal]()
}

/** The value that a command left behind, for the answer: the first event of a kind. */
export function firstEvent<T extends GuildEvent['type']>(
  events: readonly GuildEvent[],
  ...types: T[]
): Extract<GuildEvent, { type: T }> | undefined {
  return events.find((event): event is Extract<GuildEvent, { type: T }> =>
    (types as string[]).includes(event.type),
  )
}
