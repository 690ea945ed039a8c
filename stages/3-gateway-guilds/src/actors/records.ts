import type { LogPosition } from '@threshold/ports'
import { z } from 'zod'
import { hubEvent } from '../wire/hub.ts'
import type { Slots } from '../wire/link.ts'

const position = z.object({ epoch: z.number(), sequence: z.number() })

/**
 * An acknowledged event in the log of a partition, with the sessions that receive it. A new owner
 * sends it to those that have not got it, and to no others: who may see it was decided by the owner
 * that gave it its position.
 */
export const logRecord = z.object({
  v: z.literal(1),
  /** The guild or the user that it belongs to. */
  key: z.string(),
  position,
  event: hubEvent,
  audience: z.map(
    z.string(),
    z.custom<Slots>((value) => value === 'all' || value instanceof Uint8Array),
  ),
})
export type LogRecord = z.output<typeof logRecord>

/** Whether `a` comes before `b`. A newer epoch is a newer owner, whose log follows the older one. */
export const isBefore = (a: LogPosition, b: LogPosition): boolean =>
  a.epoch < b.epoch || (a.epoch === b.epoch && a.sequence < b.sequence)
