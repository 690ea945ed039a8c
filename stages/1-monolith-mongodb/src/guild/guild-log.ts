import { RECIPIENTS, type Telemetry } from '@threshold/kit'
import type { Delivery, HubEvent, LogPosition } from '@threshold/ports'
import type { Audience, Listener, Recipients } from './audience.ts'

/**
 * The ordered log of one guild's events. Positions have no gaps, and every listener receives its
 * events in the order of their positions.
 *
 * An event takes its place and its audience in one step, and is delivered once it is durable. In
 * stages 1 and 2 it is durable at once. The log keeps no history: a session that was not subscribed
 * at the time does not get the event later.
 */
export interface GuildLog<L extends Listener = Listener> {
  /** The position of the newest event, durable or not. */
  readonly position: LogPosition
  /** Appends an event that the guild itself makes. The log gives it an id. */
  append(type: string, data: object, recipients: Recipients): LogPosition
  /** Appends an event that has an id already. */
  appendEvent(event: HubEvent, recipients: Recipients): Appended
  /** Delivers something other than an event, such as the end of a subscription, in its turn. */
  deliver(listener: L, delivery: Delivery): void
  /**
   * Undefined if all events so far are durable. Otherwise a promise that resolves when they are,
   * and rejects if one may not be.
   */
  durable(): Promise<void> | undefined
}

export interface Appended {
  readonly position: LogPosition
  /** Resolves when the event is durable, and rejects if it may not be. Undefined: it is. */
  readonly durable: Promise<void> | undefined
}

/**
 * Makes an event durable, with the sessions that receive it, and with the rule by which they were
 * selected. Undefined: it is durable, or it need not be.
 * The promises resolve in the order of the positions. After one has rejected, the log delivers
 * nothing more, and the owner of the guild must give it up.
 */
export type StoreEvent<L extends Listener = Listener> = (
  event: HubEvent,
  position: LogPosition,
  listeners: readonly L[],
  recipients: Recipients,
) => Promise<void> | undefined

export interface GuildLogDependencies<L extends Listener> {
  readonly epoch: number
  readonly audience: Pick<Audience<L>, 'select'>
  readonly tracer: Telemetry['tracer']
  /** Must not throw and must not wait. All listeners get the same delivery object. */
  readonly deliver: (listeners: readonly L[], delivery: Delivery) => void
  readonly store?: StoreEvent<L> | undefined
}

interface Entry<L> {
  readonly listeners: readonly L[]
  readonly delivery: Delivery
  /**
   * The trace context of the request that appended it. The delivery may run in the context of
   * another request.
   */
  readonly context: ReturnType<Telemetry['tracer']['activeContext']>
  durable: boolean
}

export function createGuildLog<L extends Listener>(
  guildId: string,
  { epoch, audience, tracer, deliver, store }: GuildLogDependencies<L>,
): GuildLog<L> {
  let sequence = 0
  let delivering = false
  let lastStored: Promise<void> | undefined
  const queue: Entry<L>[] = []

  const deliverEntry = ({ listeners, delivery, context }: Entry<L>): void => {
    if (delivery.kind !== 'event') {
      deliver(listeners, delivery)
      return
    }
    // The number of recipients is set before the span starts, since the sampler reads it there: an
    // event for thousands of sessions is traced far less often than one for two.
    const attributes = { event: delivery.event.type, [RECIPIENTS]: listeners.length }
    tracer.startActiveSpan('guild.fan_out', { attributes }, context, (span) => {
      try {
        deliver(listeners, delivery)
      } finally {
        span.end()
      }
    })
  }

  /**
   * Delivers all entries up to the first that is not durable. A delivery may append to the log
   * again: for example, a session that reads too slowly ends, and so leaves its call. The nested
   * event waits in the queue until all listeners have received the current one; otherwise some
   * would receive the two in the opposite order.
   */
  const deliverDurable = (): void => {
    if (delivering) return
    delivering = true
    try {
      while (queue[0]?.durable) deliverEntry(queue.shift()!)
    } finally {
      delivering = false
    }
  }

  const enqueue = (
    listeners: readonly L[],
    delivery: Delivery,
    stored?: Promise<void> | undefined,
  ): void => {
    const context = tracer.activeContext()
    const entry = { listeners, delivery, context, durable: stored === undefined }
    queue.push(entry)
    if (stored) deliverWhenStored(stored, entry)
    else deliverDurable()
  }

  const deliverWhenStored = (stored: Promise<void>, entry: Entry<L>): void => {
    lastStored = stored
    stored.then(
      () => {
        entry.durable = true
        if (lastStored === stored) lastStored = undefined
        deliverDurable()
      },
      // `appendEvent` and `durable` report it. The entry stays first in the queue.
      () => {},
    )
  }

  const appendEvent = (event: HubEvent, recipients: Recipients): Appended => {
    sequence += 1
    const position = { epoch, sequence }
    const listeners = audience.select(recipients)
    const durable = store?.(event, position, listeners, recipients)
    enqueue(listeners, { kind: 'event', event, position }, durable)
    return { position, durable }
  }
  return {
    get position() {
      return { epoch, sequence }
    },
    appendEvent,
    append: (type, data, recipients) =>
      appendEvent({ v: 1, id: `${guildId}:${epoch}:${sequence + 1}`, type, data }, recipients)
        .position,
    deliver: (listener, delivery) => enqueue([listener], delivery),
    durable: () => lastStored,
  }
}
