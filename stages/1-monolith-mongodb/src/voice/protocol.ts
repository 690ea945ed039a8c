import { VoiceCloseCodes, VoiceEncryptionMode } from 'discord-api-types/voice/v8'
import { z } from 'zod'
import { gatewayInput } from '../input/index.ts'

export { VoiceCloseCodes, VoiceOpcodes } from 'discord-api-types/voice/v8'

/**
 * Versions 4 to 8 differ for this server in two ways: the form of a heartbeat, and that version 8
 * numbers its messages.
 */
export const OLDEST_VERSION = 4
export const NEWEST_VERSION = 8

/**
 * The encryption modes that Discord requires and prefers. Clients encrypt, and the relay does not,
 * so it can offer them without implementing them.
 */
export const MODES = [
  VoiceEncryptionMode.AeadAes256GcmRtpSize,
  VoiceEncryptionMode.AeadXChaCha20Poly1305RtpSize,
] as const

/**
 * Limit of a client's frame, in bytes. Discord's clients list codecs and experiments in Select
 * Protocol, and stay below 2 KB.
 */
export const MAX_FRAME_BYTES = 16_384

const text = z.string().max(512)
const snowflake = gatewayInput.voiceStateUpdate.shape.guild_id

export const identify = z.object({
  server_id: snowflake,
  user_id: snowflake,
  session_id: text,
  token: text,
})

export const selectProtocol = z.object({
  protocol: text,
  data: z.object({ address: text, port: z.int().min(0).max(65_535), mode: text }),
})

export const speaking = z.object({
  speaking: z.int().min(0).max(0xff),
  delay: z.int().optional(),
  ssrc: z.int().optional(),
})

/**
 * A nonce, which the acknowledgement repeats. Version 8 adds the number of the last message that
 * the client has received.
 */
export const heartbeat = z.union([
  z.number(),
  z.string().max(32),
  z.bigint(),
  z.object({ t: z.union([z.number(), z.bigint()]), seq_ack: z.int().min(-1).nullish() }),
])

export type Identify = z.output<typeof identify>

export interface VoiceFrame {
  readonly op: number
  readonly d: unknown
  /** Version 8 numbers the messages that a resume would have to repeat. */
  readonly seq?: number
}

/** Texts for people who read logs. Clients look at the code only. */
export const CLOSE_REASONS: Readonly<Partial<Record<VoiceCloseCodes, string>>> = {
  [VoiceCloseCodes.UnknownOpcode]: 'Unknown opcode.',
  [VoiceCloseCodes.FailedToDecode]: 'Failed to decode payload.',
  [VoiceCloseCodes.NotAuthenticated]: 'Not authenticated.',
  [VoiceCloseCodes.AuthenticationFailed]: 'Authentication failed.',
  [VoiceCloseCodes.AlreadyAuthenticated]: 'Already authenticated.',
  [VoiceCloseCodes.SessionNoLongerValid]: 'Session is no longer valid.',
  [VoiceCloseCodes.SessionTimeout]: 'Session timed out.',
  [VoiceCloseCodes.ServerNotFound]: 'Server not found.',
  [VoiceCloseCodes.UnknownProtocol]: 'Unknown protocol.',
  [VoiceCloseCodes.Disconnected]: 'Disconnected.',
  [VoiceCloseCodes.VoiceServerCrashed]: 'Voice server crashed.',
  [VoiceCloseCodes.UnknownEncryptionMode]: 'Unknown encryption mode.',
  [VoiceCloseCodes.BadRequest]: `Voice gateway versions ${OLDEST_VERSION} to ${NEWEST_VERSION} are supported.`,
  [VoiceCloseCodes.RateLimited]: 'Rate limited.',
}
