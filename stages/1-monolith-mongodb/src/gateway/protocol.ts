import {
  CloseCode,
  gatewayInput,
  intentsAreValid,
  type PresenceInput,
  type Tokens,
} from '@threshold/contract'
import { OFFLINE, type Presence } from '@threshold/domain'
import type { Clock } from '@threshold/kit'

/** Bytes of a client's frame at the most, as Discord has it; beyond it 4002. */
export const MAX_PAYLOAD_BYTES = 4_096
/**
 * Bytes that are read at all, before anything is known of a frame; beyond it ws itself closes with
 * 1009.
 */
export const MAX_READ_BYTES = 65_536

export interface ConnectionLimits {
  readonly heartbeatMs: number
  /**
   * How long a socket may stay without a session. Clients wait up to 5 s after an invalid session
   * before they identify.
   */
  readonly identifyWithinMs: number
  /** Frames a client may send within `framesMs`; beyond it 4008. */
  readonly frames: number
  readonly framesMs: number
  /**
   * Bytes that may wait for a slow reader before its socket is dropped: one reader must not fill
   * the server's memory.
   */
  readonly maxBuffered: number
}

/** Says of each frame whether it is one too many. */
export function floodGate(
  { frames, framesMs }: Pick<ConnectionLimits, 'frames' | 'framesMs'>,
  clock: Clock,
): () => boolean {
  let [since, count] = [0, 0]
  return () => {
    const now = clock.now()
    // Before: the clock was set back, and the window would stay open for as long.
    if (now < since || now - since >= framesMs) [since, count] = [now, 0]
    count += 1
    return count > frames
  }
}

/** Gateway versions that clients of today speak. They differ in nothing this contract has. */
const VERSIONS: ReadonlySet<string> = new Set(['9', '10'])
const NEWEST_VERSION = 10

/** What a close says to whoever reads it; clients go by the code. */
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

/** What the address of a connection asks for, or why it can't be had. */
export function readHandshake(url: string): Handshake | { readonly refused: number } {
  const query = URL.parse(url, 'ws://gateway')?.searchParams
  const version = query?.get('v') ?? String(NEWEST_VERSION)
  if (!VERSIONS.has(version)) return { refused: CloseCode.InvalidAPIVersion }
  if ((query?.get('encoding') ?? 'json') !== 'json') return { refused: CloseCode.DecodeError }
  return { version: Number(version), compress: query?.get('compress') ?? undefined }
}

/** `[id, count]`: which share of the guilds a session wants. Undefined: all of them. */
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

/** An IDENTIFY that may be answered, or the code that it is closed with. */
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
  // Discord's bounds on what clients may call a large guild.
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

export function presenceOf(input: PresenceInput | null | undefined): Presence {
  const status = input?.status ?? 'online'
  if (status === 'invisible') return OFFLINE
  return { status, activities: input?.activities ?? (input?.game?.name ? [input.game] : []) }
}
