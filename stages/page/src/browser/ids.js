/**
 * Compares snowflakes, which are too large for a number. The longer decimal string is the greater
 * one, and strings of equal length compare as text.
 */
export const compareIds = (a, b) => a.length - b.length || (a < b ? -1 : a > b ? 1 : 0)

const DISCORD_EPOCH = 1_420_070_400_000n

/** The time at which the id was made, and its message sent. */
export const timeOf = (id) => new Date(Number((BigInt(id) >> 22n) + DISCORD_EPOCH))

/**
 * Identifies one send, so that a retry is the same send. It has at most 25 characters, and need not
 * be hard to guess.
 */
export const newNonce = () =>
  `${Date.now().toString(36)}-${Math.random().toString(36).slice(2, 12)}`
