import { CLIENT_OPS, CloseCode, intentsAreValid, parseJson, type Tokens } from '@threshold/contract'
import { OFFLINE, type Presence } from '@threshold/domain'
import type { Clock } from '@threshold/kit'
import { gatewayInput, type PresenceInput } from '../input/index.ts'

/** Discord's limit on a client's payload, in bytes. A longer one closes the connection with 4002. */
const MAX_PAYLOAD_BYTES = 4_096
/**
 * Bytes that ws reads of one message. It closes a longer one with 1009, before the gateway sees any
 * of it.
 */
export const MAX_READ_BYTES = 65_536

export interface ConnectionLimits {
  readonly heartbeatMs: number
  /**
   * Milliseconds that a socket may exist without a session. Clients wait up to 5 s after an invalid
   * session before they identify.
   */
  readonly identifyWithinMs: number
  /** Frames that a client may send within `framesMs`. One more closes the connection with 4008. */
  readonly frames: number
  readonly framesMs: number
  /**
   * Bytes that may wait for a slow reader. The socket is dropped beyond that, so that one reader
   * cannot fill the memory of the gateway.
   */
  readonly maxBuffered: number
}

/** The gateway versions that clients use today. Nothing in our contract differs between them. */
const VERSIONS: ReadonlySet<string> = new Set(['9', '10'])
const NEWEST_VERSION = 10

/** Texts for people who read logs. Clients look at the code only. */
export const CLOSE_REASONS: Readonly<Record<number, string>> = {
  [CloseCode.UnknownError]: 'Unknown error. Try again.',
  [CloseCode.UnknownOpcode]: 'Unknown opcode.',
  [CloseCode.DecodeError]: 'Error while decoding payload.',
  [CloseCode.NotAuthenticated]: 'Not authenticated.',
  [CloseCode.AuthenticationFailed]: 'Authentication failed.',
  [CloseCode.AlreadyAuthenticated]: 'Already authenticated.',
  [CloseCode.InvalidSeq]: 'Invalid sequence.',
  [CloseCode.RateLimited]: 'You are being rate limited.',
  [CloseCode.SessionTimedOut]: 'Session timed out.',
  [CloseCode.InvalidShard]: 'Invalid shard.',
  [CloseCode.InvalidAPIVersion]: 'Invalid API version.',
  [CloseCode.InvalidIntents]: 'Invalid intents.',
  1012: 'Restarting.',
}

export interface Handshake {
  readonly version: number
  readonly compress: string | undefined
}

/** The options in the URL of a connection, or the code to close it with. */
export function readHandshake(url: string): Handshake | { readonly refused: number } {
  const query = URL.parse(url, 'ws://gateway')?.searchParams
  const version = query?.get('v') ?? String(NEWEST_VERSION)
  if (!VERSIONS.has(version)) return { refused: CloseCode.InvalidAPIVersion }
  if ((query?.get('encoding') ?? 'json') !== 'json') return { refused: CloseCode.DecodeError }
  return { version: Number(version), compress: query?.get('compress') ?? undefined }
}

/** `[id, count]`: the session wants the guilds of one shard. Undefined: it wants all guilds. */
export type Shard = readonly [id: number, count: number]

function readShard(value: unknown): Shard | undefined | 'invalid' {
  if (value == null) return undefined
  if (!Array.isArray(value) || value.length !== 2 || !value.every((n) => Number.isSafeInteger(n)))
    return 'invalid'
  const [id, count] = value as [number, number]
  return count >= 1 && count <= 65_536 && id >= 0 && id < count ? [id, count] : 'invalid'
}

export const onShard = (guildId: string, shard: Shard | undefined): boolean =>
  shard === undefined || Number((BigInt(guildId) >> 22n) % BigInt(shard[1])) === shard[0]

/** Decodes a client's message, or returns the code to close with. */
export function readFrame(bytes: Buffer) {
  if (bytes.length > MAX_PAYLOAD_BYTES) return { refused: CloseCode.DecodeError }
  const json = parseJson(bytes)
  const frame = json.ok ? gatewayInput.frame.safeParse(json.value) : undefined
  if (!frame?.success) return { refused: CloseCode.DecodeError }
  return CLIENT_OPS.has(frame.data.op) ? frame.data : { refused: CloseCode.UnknownOpcode }
}

/** The options in IDENTIFY, or the code to close with. */
export function readIdentify(d: unknown, tokens: Tokens) {
  const form = gatewayInput.identify.safeParse(d)
  if (!form.success) return { refused: CloseCode.DecodeError }
  const userId = tokens.verify(form.data.token)
  if (userId === undefined) return { refused: CloseCode.AuthenticationFailed }
  const { intents, large_threshold, presence, compress } = form.data
  if (typeof intents !== 'number' || !intentsAreValid(intents))
    return { refused: CloseCode.InvalidIntents }
  const shard = readShard(form.data.shard)
  if (shard === 'invalid') return { refused: CloseCode.InvalidShard }
  // Discord's bounds.
  const largeThreshold = Math.min(250, Math.max(50, large_threshold ?? 50))
  return {
    userId,
    intents,
    shard,
    largeThreshold,
    presence: presenceOf(presence),
    compress: compress === true,
  }
}

/** The session that RESUME asks for, or the code to close with. */
export function readResume(d: unknown, tokens: Tokens) {
  const form = gatewayInput.resume.safeParse(d)
  if (!form.success) return { refused: CloseCode.DecodeError }
  const { token, session_id: sessionId, seq } = form.data
  if (seq !== null && seq < 0) return { refused: CloseCode.InvalidSeq }
  const userId = tokens.verify(token)
  if (userId === undefined) return { refused: CloseCode.AuthenticationFailed }
  return { sessionId, userId, sequence: seq ?? 0 }
}

export function presenceOf(input: PresenceInput | null | undefined): Presence {
  const status = input?.status ?? 'online'
  if (status === 'invisible') return OFFLINE
  return { status, activities: input?.activities ?? (input?.game?.name ? [input.game] : []) }
}

/**
 * Adds what the server decides about an activity. Discord4J rejects an activity without an id, and
 * with it the guild that shows it.
 */
export function completeActivities(presence: Presence, clock: Clock): Presence {
  const created_at = clock.now()
  const activities = presence.activities.map((activity, index) => ({
    id: String(index),
    ...activity,
    created_at,
  }))
  return { ...presence, activities }
}
