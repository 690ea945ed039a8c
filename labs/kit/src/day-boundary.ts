import { CodedError } from '@threshold/kit'
import type { Intervention } from './intervention.ts'

const MINUTE_MS = 60_000
const DAY_MINUTES = 24 * 60
/** A run that begins later than this before midnight would still be under way at midnight. */
const BEFORE_MINUTES = 3
/** Stage 2 skips an empty bucket ten minutes after its end; two more are margin. */
const AFTER_MINUTES = 12

/**
 * Refuses to run around midnight UTC, when one-day buckets change. Neither the bucket of the new
 * day nor that of the old one may be skipped for ten minutes, so that a figure about skipped
 * buckets would say nothing about the stage.
 */
export const awayFromMidnight = (intervention: Intervention): Intervention => ({
  ...intervention,
  run(context) {
    if (isNearMidnight(Date.now()))
      throw new CodedError(
        'DAY_BOUNDARY',
        'the day changes at midnight UTC, and this lab counts partitions of one day',
        { next: `run it again ${AFTER_MINUTES} minutes after midnight UTC` },
      )
    return intervention.run(context)
  },
})

/** @param nowMs milliseconds since the Unix epoch, whose days begin at midnight UTC */
export function isNearMidnight(nowMs: number): boolean {
  const minutes = (nowMs / MINUTE_MS) % DAY_MINUTES
  return minutes < AFTER_MINUTES || minutes >= DAY_MINUTES - BEFORE_MINUTES
}
