import { DISCORD_EPOCH, type MessageId, timeOf } from '@threshold/contract'

const DAY_MS = 86_400_000

/**
 * Which bucket a message lies in: whole widths since Discord's epoch, told from the id alone, so
 * that no read is needed to find it.
 */
export const bucketOf = (id: MessageId, days: number): number =>
  Math.floor((timeOf(id) - DISCORD_EPOCH) / (days * DAY_MS))
