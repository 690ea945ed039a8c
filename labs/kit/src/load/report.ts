import { z } from 'zod'

/**
 * Later than this after its send was acknowledged, a delivery is late. One definition for every
 * lab, see the decisions.
 */
export const LATE_MS = 200

const count = z.int().min(0)

/**
 * Microseconds from the moment a send or read was due, as an HDR histogram: encoded whole, and the
 * curve read off it.
 */
const latencySchema = z.object({
  count,
  /** [percentile, milliseconds] */
  curve: z.array(z.tuple([z.number(), z.number()])),
  encoded: z.string(),
})
export type Latency = z.infer<typeof latencySchema>

const deliveryCounts = {
  /** Acknowledged messages times the sockets that should have got them. */
  expected: count,
  delivered: count,
  lost: count,
  /** Deliveries beyond the first of the same message at the same socket. */
  duplicated: count,
  /** Deliveries that came after one which the channel's order puts later. */
  outOfOrder: count,
  late: count,
}

const attemptCounts = {
  due: count,
  acknowledged: count,
  /** Answered other than 2xx, or not within the load's patience. */
  errors: count,
  /** The generator never got to sending them: its fault, not the stage's. */
  unsent: count,
}

export const guildTallySchema = z.object({
  group: z.string(),
  /** Sockets that are owed its messages. */ sockets: count,
  ...attemptCounts,
  ...deliveryCounts,
})
export type GuildTally = z.infer<typeof guildTallySchema>

const secondSchema = z.object({
  second: z.int(),
  /** Sends. */
  due: count,
  /** Sends, by the second of their answer. */
  acknowledged: count,
  /** Sends and reads, by the second in which they were refused, or their sender gave up. */
  errors: count,
  delivered: count,
  late: count,
})
export type SecondTally = z.infer<typeof secondSchema>

export const groupReportSchema = z.object({
  name: z.string(),
  sends: latencySchema,
  reads: latencySchema,
  /** From the moment the send was due to each socket. */
  deliveries: latencySchema,
})
export type GroupReport = z.infer<typeof groupReportSchema>

/** What one load did and saw, as its generator tells it. Warm-up is not in it. */
export const loadReportSchema = z.object({
  v: z.literal(2),
  seconds: z.number(),
  sends: z.object(attemptCounts),
  reads: z.object(attemptCounts),
  deliveries: z.object({ ...deliveryCounts, /** At a socket of another guild. */ stray: count }),
  errors: z.record(z.string(), count),
  sockets: z.object({
    opened: count,
    dropped: count,
    back: count,
    /** From the first drop to the last return; null unless some were dropped and all came back. */
    secondsUntilAllBack: z.number().nullable(),
  }),
  groups: z.array(groupReportSchema),
  guilds: z.array(guildTallySchema),
  /**
   * The seconds of the load, and after them those in which something of it was still answered or
   * delivered.
   */
  series: z.array(secondSchema),
  generator: z.object({
    /** CPU seconds used for each second of load. */
    cores: z.number(),
    memoryBytes: z.number(),
    /** How far behind its schedule it sent, whatever the reason. */
    lagP99Ms: z.number(),
    lagMaxMs: z.number(),
  }),
})
export type LoadReport = z.infer<typeof loadReportSchema>
