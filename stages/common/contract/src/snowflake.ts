/** Discord's first millisecond: 2015-01-01T00:00:00Z. */
export const DISCORD_EPOCH = 1_420_070_400_000

/**
 * A 64-bit id as a decimal string: 42 bits of milliseconds since Discord's epoch, 10 of worker, 12
 * of sequence. Ids sort by time, so "messages before this one" is a range of the primary key.
 * Strings, because 2^53 is too small for JavaScript's numbers: the one thing every Discord library
 * gets wrong once.
 */
export type Snowflake = string
export type UserId = Snowflake
export type GuildId = Snowflake
export type ChannelId = Snowflake
export type MessageId = Snowflake
export type RoleId = Snowflake

const LARGEST = (1n << 63n) - 1n

/**
 * A decimal string of 1–19 digits that fits in 63 bits: more is not an id, and a database's signed
 * long could not hold it.
 */
export const isSnowflake = (text: string): boolean =>
  /^[0-9]{1,19}$/.test(text) && BigInt(text) <= LARGEST

/** Milliseconds since the Unix epoch at which an id was made. */
export const timeOf = (id: Snowflake): number => Number(BigInt(id) >> 22n) + DISCORD_EPOCH

/** The smallest id of a millisecond: where a page "from this time on" starts. */
export const firstIdAt = (ms: number): Snowflake =>
  (BigInt(Math.max(0, Math.floor(ms) - DISCORD_EPOCH)) << 22n).toString()

/** Orders ids by age without turning them into numbers: the longer string is the larger id. */
export const compareIds = (a: Snowflake, b: Snowflake): number =>
  a.length - b.length || (a < b ? -1 : a > b ? 1 : 0)

export interface SnowflakeOptions {
  /** 0–1023. Configured in stages 1 and 2, leased in stage 3. */
  readonly worker: number
  readonly now: () => number
  /**
   * The end of the time that is reserved for this process: no id lies in this millisecond or after
   * it.
   */
  readonly until?: () => number
}

/** Every id of the reserved time is used up. */
export class IdsExhausted extends Error {
  readonly code = 'OUT_OF_IDS'
}

/**
 * Makes ids that never repeat and never go down. When the clock steps back, ids go on from the last
 * time seen; when a millisecond's 4,096 ids are used up, they borrow from the next one, and are
 * refused where the reserved time ends.
 */
export function snowflakeGenerator(options: SnowflakeOptions): () => Snowflake {
  const { worker, now, until = () => Number.POSITIVE_INFINITY } = options
  if (!Number.isInteger(worker) || worker < 0 || worker > 1_023)
    throw new RangeError(`worker must be 0–1023, not ${worker}`)
  let last = 0
  let sequence = 0
  return () => {
    const wall = Math.min(Math.floor(now()), until() - 1)
    if (wall > last) {
      last = wall
      sequence = 0
    } else if (sequence < 4_095) sequence += 1
    else if (last + 1 < until()) {
      last += 1
      sequence = 0
    } else throw new IdsExhausted('the ids of the reserved time are used up')
    return (
      (BigInt(last - DISCORD_EPOCH) << 22n) |
      (BigInt(worker) << 12n) |
      BigInt(sequence)
    ).toString()
  }
}
