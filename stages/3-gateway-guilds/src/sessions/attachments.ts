import type { TraceCarrier } from '@threshold/kit'
import type {
  HubEvent,
  LogPosition,
  Subscriber,
  UserDelivery,
  UserSubscriber,
} from '@threshold/ports'
import type { EventHead, LinkPayload, Slots } from '../wire/link.ts'
import {
  type Attachment,
  attachmentOf,
  begin,
  type Deliverable,
  freeSlot,
  type GuildListener,
  listenersOf,
  removeSlot,
  sessionComes,
  type UserListener,
  viewComes,
} from './attachment.ts'
import { FairQueue } from './fair-queue.ts'

/** Starts the span of a delivery. It ends when the last session has the event. */
type StartSpan = (trace: TraceCarrier, event: string) => { end(): void } | undefined

/**
 * The sessions of this process that are attached to guilds and users elsewhere, and the delivery of
 * what their owners send. It decides nothing: an owner names the slots that receive an event.
 *
 * Messages are accepted as they come, and delivered guild by guild in turn.
 */
export class Attachments {
  readonly guilds = new Map<string, Attachment<GuildListener>>()
  readonly users = new Map<string, Attachment<UserListener>>()

  readonly #queue: FairQueue
  readonly #onReattach: (guild: string) => void
  readonly #startSpan: StartSpan

  /**
   * @param onReattach the owner asks for the sessions of one guild once more
   * @param onError a session has thrown
   */
  constructor(
    onReattach: (guild: string) => void,
    onError: (error: unknown) => void,
    startSpan: StartSpan = () => undefined,
  ) {
    this.#onReattach = onReattach
    this.#startSpan = startSpan
    this.#queue = new FairQueue(onError)
  }

  addToGuild(guild: string, subscriber: Subscriber): GuildListener {
    const { slots } = attachmentOf(this.guilds, guild)
    const listener = {
      slot: freeSlot(slots),
      subscriber,
      presence: subscriber.presence,
      isStarted: false,
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
    this.#queue.add(guildId, [listener], () => {
      if (!this.removeFromGuild(guildId, listener)) return
      listener.subscriber.deliver({ kind: 'left', guildId })
      listener.rejoin?.()
    })
  }

  /** Resolves when all that has come for the guild, or the user, is delivered. */
  delivered(id: string): Promise<void> {
    return this.#queue.settled(id)
  }

  receive(payload: LinkPayload, body: Uint8Array): void {
    switch (payload.kind) {
      case 'event': {
        const { position, slots, guild = '', user = '', trace } = payload
        const event = toHubEvent(payload.event, body)
        const span = trace && this.#startSpan(trace, event.type)
        const delivery = { kind: 'event', event, position } as const
        const attached = this.guilds.get(guild)
        if (!attached) this.#deliver(user, this.users.get(user), delivery, slots)
        else if (this.#deliver(guild, attached, delivery, slots)) attached.seen.addEvent(event)
        // It waits in the queue behind the last session.
        if (span) this.#queue.add(guild || user, [span], (each) => each.end())
        return
      }
      case 'view': {
        const { guild, kind, view, members, presences, position } = payload
        const attached = this.guilds.get(guild)
        const listener = listenerOf(attached, payload)
        if (!attached || !listener) return
        listener.isStarted = true
        attached.seen.addView(view, presences)
        viewComes(attached, position)
        this.#add(guild, attached, [listener], () => {
          listener.subscriber.deliver({ kind, view, members, presences, position })
          begin(listener, position)
        })
        return
      }
      case 'continued': {
        const { guild = '', user = '', after } = payload
        const attached: Attachment<GuildListener | UserListener> | undefined =
          this.guilds.get(guild) ?? this.users.get(user)
        const listener = listenerOf(attached, payload)
        if (!attached || !listener) return
        if ('isStarted' in listener) listener.isStarted = true
        sessionComes(attached, after)
        this.#add(guild || user, attached, [listener], () => begin(listener, after))
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
        const { guild } = payload
        const listener = listenerOf(this.guilds.get(guild), payload)
        if (listener) this.leave(guild, listener)
        return
      }
      case 'user-view': {
        const { user, view, position } = payload
        const attached = this.users.get(user)
        const listener = listenerOf(attached, payload)
        if (!attached || !listener) return
        sessionComes(attached, position)
        this.#add(user, attached, [listener], () => {
          listener.subscriber.deliver({ kind: 'view', view, position })
          begin(listener, position)
        })
        return
      }
      case 'joined': {
        const { user, guild: guildId, position } = payload
        const delivery = { kind: 'joined', guildId, position } as const
        const attached = this.users.get(user)
        if (this.#deliver(user, attached, delivery, 'all')) this.#rejoinLater(attached, delivery)
      }
    }
  }

  /**
   * The owner of a guild says that a user has left it, and that of the user that they have joined
   * it again. Nothing orders the two, and a session that is still in the guild ignores the second.
   */
  #rejoinLater(
    attached: Attachment<UserListener> | undefined,
    joined: UserDelivery & { readonly kind: 'joined' },
  ): void {
    const sessions = [...(attached?.slots.values() ?? [])].map(({ subscriber }) => subscriber)
    for (const listener of this.guilds.get(joined.guildId)?.slots.values() ?? []) {
      const { sessionId } = listener.subscriber
      const session = sessions.find((each) => each.sessionId === sessionId)
      if (session) listener.rejoin = () => session.deliver(joined)
    }
  }

  /** False if the delivery has come before, or will come again. */
  #deliver<D extends { readonly position: LogPosition }>(
    id: string,
    attached: Attachment<Deliverable<NoInfer<D>>> | undefined,
    delivery: D,
    slots: Slots,
  ): boolean {
    const listeners = attached && listenersOf(attached, delivery, slots)
    if (!listeners) return false
    this.#add(id, attached, listeners, ({ subscriber }) => subscriber.deliver(delivery))
    return true
  }

  /** Does the work for each session that is still attached when its turn has come. */
  #add<L extends { readonly slot: number }>(
    id: string,
    { slots }: Attachment<L>,
    listeners: readonly L[],
    work: (listener: L) => void,
  ): void {
    this.#queue.add(id, listeners, (listener) => {
      if (slots.get(listener.slot) === listener) work(listener)
    })
  }
}

/** The session that a message names, unless its slot has another one by now. */
function listenerOf<L extends { readonly subscriber: { readonly sessionId: string } }>(
  attached: Attachment<L> | undefined,
  { slot, sessionId }: { readonly slot: number; readonly sessionId: string },
): L | undefined {
  const listener = attached?.slots.get(slot)
  return listener?.subscriber.sessionId === sessionId ? listener : undefined
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
