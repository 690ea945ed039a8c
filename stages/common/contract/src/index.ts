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
