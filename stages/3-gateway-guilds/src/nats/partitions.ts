import type { Snowflake } from '@threshold/contract'

/**
 * Guilds and users are spread over this many partitions. A partition is the unit of ownership: it
 * has one owner, one log and one epoch at a time. Few partitions make a hand-over cheap to decide;
 * many make a host's share even. It is fixed, since the log's subjects contain it.
 */
export const PARTITIONS = 64

/** The partition of a guild or a user, by the time in its id: Discord's formula for shards. */
export const partitionOf = (id: Snowflake): number =>
  Number((BigInt(id) >> 22n) % BigInt(PARTITIONS))
