/** Discord's epoch, 2015-01-01T00:00:00Z, in milliseconds since the Unix epoch. */
export const DISCORD_EPOCH = 1_420_070_400_000

/**
 * A 64-bit id as a decimal string: 42 bits of milliseconds since Discord's epoch, 10 bits of worker
 * number, 12 bits of sequence number. Ids sort by time, so "messages before this one" is a range of
 * the primary key. They are strings because JavaScript's numbers are exact only up to 2^53.
 */
export type Snowflake = string
export type UserId = Snowflake
export type GuildId = Snowflake
export type ChannelId = Snowflake
export type MessageId = Snowflake
export type RoleId = Snowflake

const LARGEST = (1n << 63n) - 1n

/** Whether the text is a decimal number of 1–19 digits that fits a database's signed long. */
export const isSnowflake = (text: string): boolean =>
  /^[0-9]{1,19}$/.test(text) && BigInt(text) <= LARGEST

/** The time at which an id was made, in milliseconds since the Unix epoch. */
export const timeOf = (id: Snowflake): number => Number(BigInt(id) >> 22n) + DISCORD_EPOCH

/** The smallest id of a millisecond, as the lower bound of a range of time. */
export const firstIdAt = (ms: number): Snowflake =>
  (BigInt(Math.max(0, Math.floor(ms) - DISCORD_EPOCH)) << 22n).toString()

/** Compares ids by age, as strings: the longer one is the larger number. */
export const compareIds = (a: Snowflake, b: Snowflake): number =>
  a.length - b.length || (a < b ? -1 : a > b ? 1 : 0)

export interface SnowflakeOptions {
  /** 0–1023. It is configured in stages 1 and 2, and leased in stage 3. */
  readonly worker: number
  readonly now: () => number
  /** The end (exclusive) of the time reserved for this process, in milliseconds. */
  readonly until?: () => number
}

/** Thrown when all ids of the reserved time are used up. */
export class IdsExhausted extends Error {
  readonly code = 'OUT_OF_IDS'
}

/**
 * Returns a function that makes ids. They never repeat and never decrease. When the clock is set
 * back, ids continue from the latest time. When the 4,096 ids of a millisecond are used up, they
 * borrow from the next one. It throws `IdsExhausted` at the end of the reserved time.
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
