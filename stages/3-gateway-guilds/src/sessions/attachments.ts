import type { Presence } from '@threshold/domain'
import type { HubEvent, LogPosition, Subscriber, UserSubscriber } from '@threshold/ports'
import { isBefore } from '../actors/records.ts'
import type { WireListener } from '../wire/hub.ts'
import { type EventHead, hasSlot, type LinkPayload, type Slots } from '../wire/link.ts'
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
  /** The session receives what comes after this position. Undefined until its owner has begun. */
  from: LogPosition | undefined
  /** Deliveries before the owner's first message to the session. Some may be for the session. */
  readonly early: { readonly position: LogPosition; deliver(): void }[]
}

/** A session of this process in a guild, and what a new owner of the guild has to know of it. */
export interface GuildListener extends SessionStart {
  readonly slot: number
  readonly subscriber: Subscriber
  presence: Presence
  /** The others have surely seen this presence. Otherwise they may see any earlier one. */
  isSettled: boolean
  /** Ends the wait after which the presence is settled. */
  cancelSettling(): void
  voice?: WireListener['voice']
}

/** A session of this process outside of guilds. */
export interface UserListener extends SessionStart {
  readonly slot: number
  readonly subscriber: UserSubscriber
}

/**
 * The sessions of this process that are attached to guilds and users elsewhere, and the delivery of
 * what their owners send. It decides nothing: an owner names the slots that receive an event.
 */
export class Attachments {
  readonly guilds = new Map<string, Attachment<GuildListener>>()
  readonly users = new Map<string, Attachment<UserListener>>()

  readonly #onReattach: (guild: string) => void

  /** @param onReattach the owner asks for the sessions of one guild once more */
  constructor(onReattach: (guild: string) => void) {
    this.#onReattach = onReattach
  }

  addToGuild(guild: string, subscriber: Subscriber): GuildListener {
    const { slots } = attachmentOf(this.guilds, guild)
    const listener = {
      slot: freeSlot(slots),
      subscriber,
      presence: subscriber.presence,
      isSettled: false,
      cancelSettling: () => {},
      from: undefined,
      early: [],
    }
    slots.set(listener.slot, listener)
    return listener
  }

  addToUser(subscriber: UserSubscriber): UserListener {
    const { slots } = attachmentOf(this.users, subscriber.userId)
    const listener = { slot: freeSlot(slots), subscriber, from: undefined, early: [] }
    slots.set(listener.slot, listener)
    return listener
  }

  /** False if the session is not attached any more. */
  removeFromGuild(guild: string, { slot, subscriber }: GuildListener): boolean {
    if (this.guilds.get(guild)?.slots.get(slot)?.subscriber !== subscriber) return false
    removeSlot(this.guilds, guild, slot)
    return true
  }

  removeFromUser({ slot, subscriber }: UserListener): boolean {
    const { userId } = subscriber
    if (this.users.get(userId)?.slots.get(slot)?.subscriber !== subscriber) return false
    removeSlot(this.users, userId, slot)
    return true
  }

  /** Holds the events of these guilds and users back until they are sent again. */
  awaitReplay(concerns: (id: string) => boolean): void {
    for (const attachments of [this.guilds, this.users])
      for (const [id, attached] of attachments) if (concerns(id)) attached.awaitsReplay = true
  }

  /** Ends a session in a guild: its user is no longer a member, or the guild was deleted. */
  leave(guildId: string, listener: GuildListener): void {
    if (this.removeFromGuild(guildId, listener))
      listener.subscriber.deliver({ kind: 'left', guildId })
  }

  receive(payload: LinkPayload, body: Uint8Array): void {
    switch (payload.kind) {
      case 'event': {
        const { position, slots, guild, user } = payload
        const delivery = {
          kind: 'event',
          event: toHubEvent(payload.event, body),
          position,
        } as const
        const attached = guild === undefined ? undefined : this.guilds.get(guild)
        if (attached && deliverTo(attached, delivery, slots)) attached.seen.addEvent(delivery.event)
        else if (user !== undefined) deliverTo(this.users.get(user), delivery, slots)
        return
      }
      case 'view': {
        const { guild, slot, sessionId, kind, view, members, presences, position } = payload
        const attached = this.guilds.get(guild)
        const listener = attached?.slots.get(slot)
        if (listener?.subscriber.sessionId !== sessionId) return
        attached!.seen.addView(view, presences)
        beginAttachment(attached!, position)
        listener.subscriber.deliver({ kind, view, members, presences, position })
        begin(listener, position)
        return
      }
      case 'continued': {
        const { guild = '', user = '', slot, sessionId, after } = payload
        const attached = this.guilds.get(guild) ?? this.users.get(user)
        const listener = attached?.slots.get(slot)
        if (listener?.subscriber.sessionId !== sessionId) return
        startAttachment(attached!, after)
        begin(listener, after)
        return
      }
      case 'replay': {
        const { guild = '', user = '' } = payload
        const attached = this.guilds.get(guild) ?? this.users.get(user)
        if (attached) attached.awaitsReplay = false
        return
      }
      case 'canary':
        return
      case 'reattach':
        this.#onReattach(payload.guild)
        return
      case 'left': {
        const listener = this.guilds.get(payload.guild)?.slots.get(payload.slot)
        if (listener?.subscriber.sessionId === payload.sessionId)
          this.leave(payload.guild, listener)
        return
      }
      case 'user-view': {
        const { user, slot, sessionId, view, position } = payload
        const attached = this.users.get(user)
        const listener = attached?.slots.get(slot)
        if (listener?.subscriber.sessionId !== sessionId) return
        startAttachment(attached!, position)
        listener.subscriber.deliver({ kind: 'view', view, position })
        begin(listener, position)
        return
      }
      case 'joined': {
        const { user, guild: guildId, position } = payload
        const delivery = { kind: 'joined', guildId, position } as const
        deliverTo(this.users.get(user), delivery, 'all')
      }
    }
  }
}

/** False if the event has come before, or will come again. */
function deliverTo<D extends { readonly position: LogPosition }>(
  attached: Attachment<Deliverable<NoInfer<D>>> | undefined,
  delivery: D,
  slots: Slots,
): boolean {
  if (!attached || attached.awaitsReplay) return false
  // Two owners, or one that was asked twice, may send the same event.
  if (attached.position && !isBefore(attached.position, delivery.position)) return false
  attached.position = delivery.position
  for (const listener of attached.slots.values())
    if (!hasSlot(slots, listener.slot)) continue
    else if (!listener.from)
      listener.early.push({
        position: delivery.position,
        deliver: () => listener.subscriber.deliver(delivery),
      })
    else if (isBefore(listener.from, delivery.position)) listener.subscriber.deliver(delivery)
  return true
}

interface Deliverable<D> extends SessionStart {
  readonly slot: number
  readonly subscriber: { deliver(delivery: D): void }
}

/**
 * All events up to a view were sent before it. Nothing that was lost before the first one counts.
 */
function beginAttachment(attached: Attachment<unknown>, position: LogPosition): void {
  if (!attached.position) attached.awaitsReplay = false
  if (attached.awaitsReplay) return
  if (!attached.position || isBefore(attached.position, position)) attached.position = position
}

/**
 * A session begins at a position before which others may still receive events, since these wait for
 * the log. So the position is not that of the newest event.
 */
function startAttachment(attached: Attachment<unknown>, position: LogPosition): void {
  if (attached.position) return
  attached.awaitsReplay = false
  attached.startedAt ??= position
}

/**
 * The session has everything up to this position. The owner may have sent it more already: it reads
 * the view of a user after the session is attached.
 */
function begin(session: SessionStart, from: LogPosition): void {
  session.from = from
  for (const { position, deliver } of session.early.splice(0))
    if (isBefore(from, position)) deliver()
}

/** All sessions of this process get the same event object, so that each form is encoded once. */
function toHubEvent(head: EventHead, json: Uint8Array): HubEvent {
  let data: object | undefined
  return {
    ...head,
    json,
    get data() {
      data ??= JSON.parse(Buffer.from(json).toString()) as object
      return data
    },
  } as HubEvent
}

function attachmentOf<T>(all: Map<string, Attachment<T>>, id: string): Attachment<T> {
  const attached = all.get(id) ?? { slots: new Map(), position: undefined, seen: new Seen() }
  all.set(id, attached)
  return attached
}

/**
 * The lowest slot without a session, so that bitsets stay short. A late message for the session
 * before does no harm: it has a position before the view of the new one, or names its session.
 */
function freeSlot(slots: ReadonlyMap<number, unknown>): number {
  let slot = slots.size
  if (!slots.has(slot)) return slot
  for (slot = 0; slots.has(slot); slot++);
  return slot
}

/** The last session to leave removes the entry. */
function removeSlot<T>(all: Map<string, Attachment<T>>, id: string, slot: number): void {
  const attached = all.get(id)
  attached?.slots.delete(slot)
  if (attached?.slots.size === 0) all.delete(id)
}
