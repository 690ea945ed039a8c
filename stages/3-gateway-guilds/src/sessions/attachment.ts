import type { Presence } from '@threshold/domain'
import type { LogPosition, Subscriber, UserSubscriber } from '@threshold/ports'
import { isBefore } from '../actors/records.ts'
import type { WireListener } from '../wire/hub.ts'
import { hasSlot, type Slots } from '../wire/link.ts'
import { Seen } from './seen.ts'

/** The sessions of this process in one guild, or of one user, by their slots. */
export interface Attachment<T> {
  readonly slots: Map<number, T>
  /** The newest event that came. A new owner goes on after it. */
  position: LogPosition | undefined
  /** The beginning of its first session. A new owner goes on after it if no event has come. */
  startedAt?: LogPosition
  readonly seen: Seen
  /** Some were lost on the way. Nothing is delivered until the owner sends them again. */
  awaitsReplay?: boolean
}

interface SessionStart {
  readonly slot: number
  /** The session receives what comes after this position. Undefined until its owner has begun. */
  from: LogPosition | undefined
  /** Deliveries before the owner's first message to the session. Some may be for the session. */
  readonly early: { readonly position: LogPosition; deliver(): void }[]
}

/** A session of this process in a guild, and what a new owner of the guild has to know of it. */
export interface GuildListener extends SessionStart {
  /** Its owner has begun, and a new one must go on. Its deliveries may still wait. */
  isStarted: boolean
  readonly subscriber: Subscriber
  presence: Presence
  /** The others have surely seen this presence. Otherwise they may see any earlier one. */
  isSettled: boolean
  /** Ends the wait after which the presence is settled. */
  cancelSettling(): void
  voice?: WireListener['voice']
  /** The user has joined the guild anew, and this session has not left it yet. */
  rejoin?: () => void
}

/** A session of this process outside of guilds. */
export interface UserListener extends SessionStart {
  readonly subscriber: UserSubscriber
}

export interface Deliverable<D> extends SessionStart {
  readonly subscriber: { deliver(delivery: D): void }
}

/**
 * The sessions that a delivery is for. Undefined: it has come before, or will come again. Sessions
 * that have not begun get it when they do.
 */
export function listenersOf<D extends { readonly position: LogPosition }>(
  attached: Attachment<Deliverable<NoInfer<D>>>,
  delivery: D,
  slots: Slots,
): Deliverable<D>[] | undefined {
  if (attached.awaitsReplay) return undefined
  const { position } = delivery
  // Two owners, or one that was asked twice, may send the same event.
  if (attached.position && !isBefore(attached.position, position)) return undefined
  attached.position = position
  const listeners: Deliverable<D>[] = []
  for (const listener of attached.slots.values())
    if (!hasSlot(slots, listener.slot)) continue
    else if (!listener.from)
      listener.early.push({ position, deliver: () => listener.subscriber.deliver(delivery) })
    else if (isBefore(listener.from, position)) listeners.push(listener)
  return listeners
}

/**
 * All events up to a view were sent before it. Nothing that was lost before the first one counts.
 */
export function viewComes(attached: Attachment<unknown>, position: LogPosition): void {
  if (!attached.position) attached.awaitsReplay = false
  if (attached.awaitsReplay) return
  if (!attached.position || isBefore(attached.position, position)) attached.position = position
}

/**
 * A session begins at a position before which others may still receive events, since these wait for
 * the log. So the position is not that of the newest event.
 */
export function sessionComes(attached: Attachment<unknown>, position: LogPosition): void {
  if (attached.position) return
  attached.awaitsReplay = false
  attached.startedAt ??= position
}

/**
 * The session has everything up to this position. The owner may have sent it more already: it reads
 * the view of a user after the session is attached.
 */
export function begin(session: SessionStart, from: LogPosition): void {
  session.from = from
  for (const { position, deliver } of session.early.splice(0))
    if (isBefore(from, position)) deliver()
}

export function attachmentOf<T>(all: Map<string, Attachment<T>>, id: string): Attachment<T> {
  const attached = all.get(id) ?? { slots: new Map(), position: undefined, seen: new Seen() }
  all.set(id, attached)
  return attached
}

/**
 * The lowest slot without a session, so that bitsets stay short. A late message for the session
 * before does no harm: it has a position before the view of the new one, or names its session.
 */
export function freeSlot(slots: ReadonlyMap<number, unknown>): number {
  let slot = slots.size
  if (!slots.has(slot)) return slot
  for (slot = 0; slots.has(slot); slot++);
  return slot
}

/** The last session to leave removes the entry. */
export function removeSlot<T>(all: Map<string, Attachment<T>>, id: string, slot: number): void {
  const attached = all.get(id)
  attached?.slots.delete(slot)
  if (attached?.slots.size === 0) all.delete(id)
}
