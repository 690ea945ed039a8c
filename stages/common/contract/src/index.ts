export { ApiError, type FieldErrors, formErrors, invalidField, refuse } from './api-error.ts'
export {
  APPLICATION_FLAGS,
  CLIENT_OPS,
  CloseCode,
  Intent,
  intentsAdmit,
  intentsAreValid,
  Op,
} from './gateway.ts'
export type { Identify, PresenceInput, RequestMembers } from './input/gateway.ts'
export * as gatewayInput from './input/gateway.ts'
export * as messageInput from './input/message.ts'
export {
  type AllowedMentions,
  type CreateMessage,
  type EditMessage,
  MAX_CONTENT,
} from './input/message.ts'
export * as restInput from './input/rest.ts'
export type { SearchInput } from './input/search.ts'
export { type JsonRefusal, type JsonResult, parseJson, writeJson } from './json.ts'
export { ALL_PERMISSIONS, DEFAULT_PERMISSIONS, Permission } from './permissions.ts'
export {
  type ChannelId,
  compareIds,
  DISCORD_EPOCH,
  firstIdAt,
  type GuildId,
  IdsExhausted,
  isSnowflake,
  type MessageId,
  type RoleId,
  type Snowflake,
  snowflakeGenerator,
  timeOf,
  type UserId,
} from './snowflake.ts'
export { timeToWire } from './time.ts'
export { type Tokens, tokens } from './token.ts'
