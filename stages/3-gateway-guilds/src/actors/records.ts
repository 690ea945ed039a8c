import type { GuildEvent } from '@threshold/domain'
import type { LogPosition } from '@threshold/ports'
import { z } from 'zod'
import { hubEvent } from '../wire/hub.ts'
import type { Slots } from '../wire/link.ts'

const position = z.object({ epoch: z.number(), sequence: z.number() })

/**
 * An acknowledged event in the log of a partition, with the sessions that receive it. A new owner
 * sends it to those that have not got it, as the owner that gave it its position decided. A gateway
 * that had no session then is the exception: see `replay`.
 */
const eventRecord = z.object({
  v: z.literal(1),
  kind: z.literal('event'),
  /** The guild or the user that it belongs to. */
  key: z.string(),
  position,
  event: hubEvent,
  /** It was for every session of the guild. Otherwise its channel decides, or it was private. */
  isForEveryone: z.boolean(),
  audience: z.map(
    z.string(),
    z.custom<Slots>((value) => value === 'all' || value instanceof Uint8Array),
  ),
})
export type EventRecord = z.output<typeof eventRecord>

const guildEvents = z.custom<readonly GuildEvent[]>((value) => Array.isArray(value))
/**
 * The events of a command, before they are stored, and those that lead back to the state before.
 */
const commandRecord = z.object({
  v: z.literal(1),
  kind: z.literal('command'),
  key: z.string(),
  /** By which a caller may ask for it again. Absent for a command of the guild's own. */
  id: z.string().optional(),
  events: guildEvents,
  undo: guildEvents,
})
export type CommandRecord = z.output<typeof commandRecord>

/** The command of this guild is stored, and the records of what its sessions receive precede. */
const appliedRecord = z.object({
  v: z.literal(1),
  kind: z.literal('applied'),
  key: z.string(),
  position,
  /** The gateways that had sessions in the guild. The others have missed the change. */
  gateways: z.array(z.string()),
})
export type AppliedRecord = z.output<typeof appliedRecord>

export const partitionRecord = z.discriminatedUnion('kind', [
  eventRecord,
  commandRecord,
  appliedRecord,
])
export type PartitionRecord = z.output<typeof partitionRecord>

/**
 * Whether `a` comes before `b`. A newer epoch is a newer owner, whose log follows the older one.
 */
export const isBefore = (a: LogPosition, b: LogPosition): boolean =>
  a.epoch < b.epoch || (a.epoch === b.epoch && a.sequence < b.sequence)
