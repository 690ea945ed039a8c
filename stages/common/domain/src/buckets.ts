import { DISCORD_EPOCH, type MessageId, timeOf } from '@threshold/contract'

const DAY_MS = 86_400_000

/**
 * The number of the bucket that holds a message, counted from Discord's epoch in widths of `days`.
 * It follows from the id alone, so a read needs no lookup first.
 */
export const bucketOf = (id: MessageId, days: number): number =>
  Math.floor((timeOf(id) - DISCORD_EPOCH) / (days * DAY_MS))
