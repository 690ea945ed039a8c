import type { UserId } from '@threshold/contract'
import type { HubEvent, LogPosition, Subscriber } from '@threshold/ports'
import type { Audience } from './audience.ts'

/**
 * A guild's log as its listeners hear it: positions without a gap, and everybody's deliveries in
 * the order of positions. A listener may, while it is told something, do what makes the guild say
 * more, such as leave a call because its socket is full; what comes of it waits until all have
 * heard what came before. Nothing is kept: who was not here has not heard it.
 */
export interface GuildLog {
  readonly position: LogPosition
  append(type: string, data: object, hears: (user: UserId) => boolean): LogPosition
  /** An event that has an id of its own. */
  appendEvent(event: HubEvent, hears: (user: UserId) => boolean): LogPosition
}

interface Entry {
  readonly event: HubEvent
  readonly position: LogPosition
  readonly hears: (user: UserId) => boolean
}

export function createGuildLog(name: string, epoch: number, audience: Audience): GuildLog {
  let sequence = 0
  let telling = false
  const waiting: Entry[] = []

  const tell = ({ event, position, hears }: Entry): void => {
    const delivery = { kind: 'event', event, position } as const
    const told = (subscriber: Subscriber): void => {
      if (hears(subscriber.userId)) subscriber.deliver(delivery)
    }
    for (const subscriber of audience.subscribers()) told(subscriber)
  }
  const appendEvent = (event: HubEvent, hears: (user: UserId) => boolean): LogPosition => {
    sequence += 1
    const position = { epoch, sequence }
    waiting.push({ event, position, hears })
    if (telling) return position
    telling = true
    try {
      for (let next = waiting.shift(); next; next = waiting.shift()) tell(next)
    } finally {
      telling = false
    }
    return position
  }
  return {
    get position() {
      return { epoch, sequence }
    },
    appendEvent,
    append: (type, data, hears) =>
      appendEvent({ v: 1, id: `${name}:${epoch}:${sequence + 1}`, type, data }, hears),
  }
}
