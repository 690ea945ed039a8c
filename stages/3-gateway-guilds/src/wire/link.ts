import type { GuildView, Member, Presence } from '@threshold/domain'
import type { Telemetry, TraceCarrier } from '@threshold/kit'
import type { UserView } from '@threshold/ports'
import { z } from 'zod'

/** The heads of messages from a guild host to a gateway, on `link.<gateway>`. */

const position = z.object({ epoch: z.number(), sequence: z.number() })
/** The sessions of the gateway that receive an event: all that it has there, or a bit for each. */
export const slots = z.union([
  z.literal('all'),
  z.custom<Uint8Array>((v) => v instanceof Uint8Array),
])
export type Slots = 'all' | Uint8Array

export function bitsetOf(sessions: readonly { readonly slot: number }[]): Uint8Array {
  const highest = sessions.reduce((max, { slot }) => Math.max(max, slot), 0)
  const bits = new Uint8Array((highest >> 3) + 1)
  for (const { slot } of sessions) bits[slot >> 3]! |= 1 << (slot & 7)
  return bits
}

export const hasSlot = (slots: Slots, slot: number): boolean =>
  slots === 'all' || ((slots[slot >> 3] ?? 0) & (1 << (slot & 7))) !== 0

/** The active trace, for the head of an event. Undefined outside of one. */
export function activeTrace({ carrier }: Pick<Telemetry, 'carrier'>): TraceCarrier | undefined {
  const trace = carrier()
  return Object.keys(trace).length > 0 ? trace : undefined
}

/** An event without its data, which is the body of the frame. */
const eventHead = z.object({
  v: z.literal(1),
  id: z.string(),
  type: z.string(),
  channelId: z.string().optional(),
  authorId: z.string().optional(),
  mentions: z.array(z.string()).optional(),
})
export type EventHead = z.output<typeof eventHead>

const payload = z.discriminatedUnion('kind', [
  z.object({
    kind: z.literal('event'),
    guild: z.string().optional(),
    user: z.string().optional(),
    slots,
    position,
    event: eventHead,
    /** The trace that the event is part of, as its headers. */
    trace: z.record(z.string(), z.string()).optional(),
  }),
  z.object({
    kind: z.literal('view'),
    guild: z.string(),
    slot: z.int(),
    sessionId: z.string(),
    position,
    view: z.custom<GuildView>(),
    members: z.custom<readonly Member[]>(),
    presences: z.custom<ReadonlyMap<string, Presence>>(),
  }),
  /**
   * A session was attached that has all events up to `after`. It receives those that follow this
   * message. Earlier ones were for the other sessions of its gateway.
   */
  z.object({
    kind: z.literal('continued'),
    guild: z.string().optional(),
    user: z.string().optional(),
    slot: z.int(),
    sessionId: z.string(),
    after: position,
  }),
  /** The events that the gateway has missed follow, and then those that come. */
  z.object({
    kind: z.literal('replay'),
    guild: z.string().optional(),
    user: z.string().optional(),
  }),
  /** The guild was loaded again. The gateway attaches its sessions, as to a new owner. */
  z.object({ kind: z.literal('reattach'), guild: z.string() }),
  z.object({
    kind: z.literal('left'),
    guild: z.string(),
    slot: z.int(),
    sessionId: z.string(),
  }),
  z.object({
    kind: z.literal('user-view'),
    user: z.string(),
    slot: z.int(),
    sessionId: z.string(),
    position,
    view: z.custom<UserView>(),
  }),
  /** Shows that messages of this host arrive. */
  z.object({ kind: z.literal('canary') }),
  z.object({ kind: z.literal('joined'), user: z.string(), guild: z.string(), position }),
])
export type LinkPayload = z.output<typeof payload>

export const linkHead = z.object({
  v: z.literal(1),
  host: z.string(),
  /** Counts the messages from this host to this gateway, from 1. */
  n: z.int(),
  /** Absent in a beacon, whose `n` is that of the last message. */
  payload: payload.optional(),
})

/** Asks a host to send messages again. `false`: it no longer has them all. */
export const resend = (host: string) => ({
  subject: `resend.${host}`,
  body: z.object({ gateway: z.string(), from: z.int(), to: z.int() }),
  result: z.boolean(),
})

export const linkSubject = (gateway: string): string => `link.${gateway}`
