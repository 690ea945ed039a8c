import { CloseCode } from '@threshold/contract'

/** Bytes of a client's frame at the most, as Discord has it; beyond it 4002. */
export const MAX_FRAME = 4_096
/** Bytes that are read at all, before anything is known of a frame; beyond it ws itself closes with 1009. */
export const MAX_READ = 65_536

/** Gateway versions that clients of today speak. They differ in nothing this contract has. */
const VERSIONS: ReadonlySet<string> = new Set(['9', '10'])
const NEWEST_VERSION = 10

/** What a close says to whoever reads it; clients go by the code. */
export const REASONS: Readonly<Record<number, string>> = {
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

export function readShard(value: unknown): Shard | undefined | 'invalid' {
  if (value == null) return undefined
  if (!Array.isArray(value) || value.length !== 2 || !value.every((n) => Number.isSafeInteger(n))) return 'invalid'
  const [id, count] = value as [number, number]
  return count >= 1 && count <= 65_536 && id >= 0 && id < count ? [id, count] : 'invalid'
}

export const onShard = (guildId: string, shard: Shard | undefined): boolean =>
  shard === undefined || Number((BigInt(guildId) >> 22n) % BigInt(shard[1])) === shard[0]
