/**
 * Snowflakes do not fit a number: as decimal strings the longer is the greater, and of equal length
 * the text decides.
 */
export const compareIds = (a, b) => a.length - b.length || (a < b ? -1 : a > b ? 1 : 0)

const DISCORD_EPOCH = 1_420_070_400_000n

/** When the id was made, which is when its message was sent. */
export const timeOf = (id) => new Date(Number((BigInt(id) >> 22n) + DISCORD_EPOCH))

/**
 * Names one send, so that a retry of it is the same send. At most 25 characters; unguessable it
 * need not be.
 */
export const newNonce = () =>
  `${Date.now().toString(36)}-${Math.random().toString(36).slice(2, 12)}`
