import { z } from 'zod'

/** An event that a session received, reduced to what the rules need. */
const eventSchema = z.discriminatedUnion('kind', [
  z.object({
    kind: z.literal('message'),
    id: z.string(),
    channel: z.string(),
    /** Each message of a run has a text of its own, also if it is sent several times. */
    content: z.string(),
  }),
  /** The guild, with the channels that the user sees. */
  z.object({ kind: z.literal('guild'), channels: z.array(z.string()) }),
  z.object({ kind: z.literal('shown'), channel: z.string() }),
  z.object({ kind: z.literal('hidden'), channel: z.string() }),
  /** `channel`: the channel that it is about, if it is about one. */
  z.object({ kind: z.literal('other'), type: z.string(), channel: z.string().optional() }),
])
export type ReceivedEvent = z.output<typeof eventSchema>

const receivedSchema = z.object({
  /** Milliseconds since the start of the run, by the recorder's clock. */
  atMs: z.number(),
  /** The sequence number that the gateway gave it. */
  s: z.number(),
  event: eventSchema,
})
export type Received = z.output<typeof receivedSchema>

/** From one READY to the next one of the same client. A resumption does not end it. */
const sessionSchema = z.object({
  client: z.string(),
  user: z.string(),
  /** Whether the client still had it at the end of the run, on an open socket. */
  isOpen: z.boolean(),
  received: z.array(receivedSchema),
})
export type Session = z.output<typeof sessionSchema>

/** A message whose POST was answered with 200. */
const sentSchema = z.object({ id: z.string(), channel: z.string(), sentAtMs: z.number() })
export type Sent = z.output<typeof sentSchema>

/**
 * All that clients saw of a run. It comes from the gateway and from REST alone, so it can be
 * recorded from every stage.
 */
export const historySchema = z.object({
  v: z.literal(1),
  sessions: z.array(sessionSchema),
  acknowledged: z.array(sentSchema),
  /** Each channel's messages as REST lists them at the end of the run. */
  stored: z.record(z.string(), z.array(z.object({ id: z.string(), content: z.string() }))),
  /** The channels that a user may not see at any time of the run. */
  forbidden: z.record(z.string(), z.array(z.string())),
  /** The channels that a user may see at the end of the run. */
  visible: z.record(z.string(), z.array(z.string())),
  /** The channels that some users may see at times. */
  changing: z.array(z.string()),
})
export type History = z.output<typeof historySchema>
