import { z } from 'zod'

/** A delivery is late if it arrives more than this after the send was acknowledged. See ADR 13. */
export const LATE_MS = 200

const count = z.int().min(0)

/** An HDR histogram of the microseconds since a send or read was due, with a curve read off it. */
const latencySchema = z.object({
  count,
  /** [percentile, milliseconds] */
  curve: z.array(z.tuple([z.number(), z.number()])),
  encoded: z.string(),
})
export type Latency = z.infer<typeof latencySchema>

const deliveryCounts = {
  /** Acknowledged messages times the sockets of their guild. */
  expected: count,
  delivered: count,
  lost: count,
  /** Deliveries of a message to a socket that already had it. */
  duplicated: count,
  /** Deliveries that arrived after one that follows them in the channel's order. */
  outOfOrder: count,
  late: count,
}

const attemptCounts = {
  due: count,
  acknowledged: count,
  /** No 2xx answer within the load's timeout. */
  errors: count,
  /** Never sent, because the generator had too many requests in flight. */
  unsent: count,
}

export const guildTallySchema = z.object({
  group: z.string(),
  /** Sockets of the guild's members. */
  sockets: count,
  ...attemptCounts,
  ...deliveryCounts,
  /**
   * One character for each second of the load, for the sends that were due in it: `.` none was due,
   * `o` all were delivered in time, `l` a delivery was late, `x` a send failed or a delivery was
   * lost.
   */
  states: z.string(),
})
export type GuildTally = z.infer<typeof guildTallySchema>

const secondSchema = z.object({
  second: z.int(),
  /** Sends that were due in this second. */
  due: count,
  /** Sends that were acknowledged in this second. */
  acknowledged: count,
  /** Sends and reads that failed or timed out in this second. */
  errors: count,
  delivered: count,
  late: count,
})
export type SecondTally = z.infer<typeof secondSchema>

export const groupReportSchema = z.object({
  name: z.string(),
  sends: latencySchema,
  reads: latencySchema,
  /** Time from when the send was due to its arrival at each socket. */
  deliveries: latencySchema,
})
export type GroupReport = z.infer<typeof groupReportSchema>

/** The result of one load, without its warm-up. */
export const loadReportSchema = z.object({
  v: z.literal(3),
  seconds: z.number(),
  sends: z.object(attemptCounts),
  reads: z.object(attemptCounts),
  deliveries: z.object({
    ...deliveryCounts,
    /** Deliveries at a socket of another guild. */
    misrouted: count,
  }),
  errors: z.record(z.string(), count),
  sockets: z.object({
    opened: count,
    dropped: count,
    back: count,
    /** Time from the first drop to the last reconnection. Null unless all sockets reconnected. */
    secondsUntilAllBack: z.number().nullable(),
  }),
  groups: z.array(groupReportSchema),
  guilds: z.array(guildTallySchema),
  /** The seconds of the load, and those after it in which answers or deliveries still arrived. */
  series: z.array(secondSchema),
  generator: z.object({
    /** CPU seconds per second of load. */
    cores: z.number(),
    memoryBytes: z.number(),
    /** Delay behind the schedule, whatever the cause. */
    lagP99Ms: z.number(),
    lagMaxMs: z.number(),
  }),
})
export type LoadReport = z.infer<typeof loadReportSchema>
