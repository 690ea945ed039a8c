import { RECIPIENTS, type Telemetry } from '@threshold/kit'
import type { HubEvent, LogPosition } from '@threshold/ports'
import type { Audience, Recipients } from './audience.ts'

/**
 * The ordered log of one guild's events. Positions have no gaps, and every subscriber receives its
 * events in the order of their positions.
 *
 * The log keeps no history: a session that was not subscribed at the time does not get the event
 * later. Stage 3 adds a buffer per session, from which a client can resume.
 */
export interface GuildLog {
  /** The position of the newest event. */
  readonly position: LogPosition
  /** Appends an event that the guild itself makes. The log gives it an id. */
  append(type: string, data: object, recipients: Recipients): LogPosition
  /** Appends an event that has an id already. Returns once all its recipients have received it. */
  appendEvent(event: HubEvent, recipients: Recipients): LogPosition
}

interface Entry {
  readonly event: HubEvent
  readonly position: LogPosition
  readonly recipients: Recipients
}

export function createGuildLog(
  guildId: string,
  epoch: number,
  audience: Audience,
  tracer: Telemetry['tracer'],
): GuildLog {
  let sequence = 0
  let delivering = false
  const queue: Entry[] = []

  const deliver = ({ event, position, recipients }: Entry): void => {
    // The number of recipients is set before the span starts, since the sampler reads it there: an
    // event for thousands of sessions is traced far less often than one for two.
    const span = tracer.startSpan('guild.fan_out', {
      attributes: { event: event.type, [RECIPIENTS]: recipients.size },
    })
    try {
      // All recipients share one delivery object. The loop allocates nothing per recipient, because
      // an event for ten thousand sessions would otherwise leave as many objects to collect.
      const delivery = { kind: 'event', event, position } as const
      for (const subscriber of audience.subscribers())
        if (recipients.has(subscriber.userId)) subscriber.deliver(delivery)
    } finally {
      span.end()
    }
  }
  const appendEvent = (event: HubEvent, recipients: Recipients): LogPosition => {
    sequence += 1
    const position = { epoch, sequence }
    queue.push({ event, position, recipients })
    // A delivery may append to the log again: for example, a session whose socket is full ends, and
    // so leaves its call. The nested event waits in the queue until all subscribers have received
    // the current one; otherwise some would receive the two in the opposite order.
    if (delivering) return position
    delivering = true
    try {
      for (let entry = queue.shift(); entry; entry = queue.shift()) deliver(entry)
    } finally {
      delivering = false
    }
    return position
  }
  return {
    get position() {
      return { epoch, sequence }
    },
    appendEvent,
    append: (type, data, recipients) =>
      appendEvent({ v: 1, id: `${guildId}:${epoch}:${sequence + 1}`, type, data }, recipients),
  }
}
