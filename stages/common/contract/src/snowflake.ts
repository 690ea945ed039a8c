/** Discord's first millisecond: 2015-01-01T00:00:00Z. */
export const DISCORD_EPOCH = 1_420_070_400_000

/**
 * A 64-bit id as a decimal string: 42 bits of milliseconds since Discord's epoch, 10 of worker, 12 of sequence. Ids sort by
 * time, so "messages before this one" is a range of the primary key. Strings, because 2^53 is too small for JavaScript's
 * numbers: the one thing every Discord library gets wrong once.
 */
export type Snowflake = string
export type UserId = Snowflake
export type GuildId = Snowflake
export type ChannelId = Snowflake
export type MessageId = Snowflake
export type RoleId = Snowflake

const LARGEST = (1n << 63n) - 1n

/** A decimal string of 1–19 digits that fits in 63 bits: more is not an id, and a database's signed long could not hold it. */
export const isSnowflake = (text: string): boolean => /^[0-9]{1,19}$/.test(text) && BigInt(text) <= LARGEST

/** Milliseconds since the Unix epoch at which an id was made. */
export const timeOf = (id: Snowflake): number => Number(BigInt(id) >> 22n) + DISCORD_EPOCH

/** The smallest id of a millisecond: where a page "from this time on" starts. */
export const firstIdAt = (ms: number): Snowflake => (BigInt(Math.max(0, Math.floor(ms) - DISCORD_EPOCH)) << 22n).toString()

/** Orders ids by age without turning them into numbers: the longer string is the larger id. */
export const compareIds = (a: Snowflake, b: Snowflake): number => a.length - b.length || (a < b ? -1 : a > b ? 1 : 0)

export interface SnowflakeOptions {
  /** 0–1023; two processes with the same number may make the same id. Stage 3 leases it, stages 1 and 2 are told. */
  readonly worker: number
  readonly now: () => number
  /** How far, in ms, the clock may run backwards before ids are refused. Up to here the last known time is kept. */
  readonly patienceMs?: number
}

/** Thrown when the clock was set back further than can be bridged: an id that may repeat is worse than none. */
export class ClockWentBackwards extends Error {
  readonly code = 'CLOCK_BACKWARDS'
}

/**
 * Makes ids that never repeat and never go down. When the clock steps back, ids go on from the last time seen; when a
 * millisecond's 4,096 ids are used up, they borrow from the next one. Both are bounded by `patienceMs`, then refused.
 */
export function snowflakes(options: SnowflakeOptions): () => Snowflake {
  const { worker, now, patienceMs = 5_000 } = options
  if (!Number.isInteger(worker) || worker < 0 || worker > 1_023) throw new RangeError(`worker must be 0–1023, not ${worker}`)
  let last = 0
  let sequence = 0
  return () => {
    const wall = Math.floor(now())
    if (wall > last) {
      last = wall
      sequence = 0
    } else if (last - wall > patienceMs) {
      throw new ClockWentBackwards(`the clock is ${last - wall} ms behind the last id; no id is made until it has caught up`)
    } else if (++sequence > 4_095) {
      last += 1
      sequence = 0
    }
    return ((BigInt(last - DISCORD_EPOCH) << 22n) | (BigInt(worker) << 12n) | BigInt(sequence)).toString()
  }
}
