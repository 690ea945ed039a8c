export { bucketOf } from './buckets.ts'
export { normalizeEmoji, qualifiedEmoji } from './emoji.ts'
export type {
  ChannelPatch,
  Decision,
  GuildCommand,
  GuildEvent,
  MemberPatch,
  Refusal,
} from './guild/commands.ts'
export { compensatingEvents } from './guild/compensating-events.ts'
export { withoutDanglingReferences } from './guild/dangling-references.ts'
export { decide } from './guild/decide.ts'
export { LIMITS } from './guild/decision.ts'
export { evolve } from './guild/evolve.ts'
export { findMentions, type Mentions, permittedMentions } from './mentions.ts'
export type {
  Channel,
  ChannelType,
  Emoji,
  Guild,
  GuildState,
  Invite,
  Member,
  Overwrite,
  Reaction,
  ReactionCount,
  Role,
  StoredMessage,
  User,
} from './model.ts'
export {
  can,
  canView,
  channelPermissions,
  guildPermissions,
  hasPermission,
  highestRole,
  isAboveMember,
  isAboveRole,
} from './permissions.ts'
export { isSameSend } from './same-send.ts'
export { type ContentKind, contentKindsOf, indexWords, queryWords } from './search.ts'
export {
  extendReservation,
  type ReservationRequest,
  type TimeReservation,
} from './time-reservation.ts'
export {
  channelToWire,
  guildToWire,
  memberToWire,
  partialMemberToWire,
  roleToWire,
  userToWire,
} from './wire/guild.ts'
export {
  type GuildView,
  guildView,
  OFFLINE,
  type Presence,
  presenceToWire,
  type VoiceState,
  voiceStateToWire,
} from './wire/live.ts'
export { emojiToWire, type MessageContext, messageToWire } from './wire/message.ts'
