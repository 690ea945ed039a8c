import type { History, Received, Session } from './history.ts'
import { type VisibleInterval, visibleIntervals } from './intervals.ts'
import { findCycle, MessageOrder } from './order.ts'

export const RULES = {
  skipped: 'the sequence numbers of a session have no gap and no repetition',
  lost: 'an acknowledged message is stored, and reaches every session that may see it',
  duplicated: 'a message is stored once, and a client receives it once',
  misrouted: 'a message is received in the channel that stores it',
  reordered: 'the messages of a channel have one order for all',
  leaked: 'a session receives nothing of a channel that its user cannot see at that point',
  unaware: 'at the end, a session knows exactly the channels that its user may see',
} as const
export type Rule = keyof typeof RULES

/** A broken rule, with the part of the history that shows it. */
export interface Violation {
  readonly rule: Rule
  readonly text: string
  readonly evidence: readonly string[]
}

/** Events before and after the one in question, in the evidence. */
const CONTEXT = 3

/**
 * Checks a history against all rules. It knows nothing of how a stage works: only what a client
 * of Discord may rely on.
 */
export function checkHistory(history: History): Violation[] {
  return [
    ...history.sessions.flatMap(checkSequence),
    ...checkDuplicates(history),
    ...checkStored(history),
    ...history.sessions.flatMap((session) => checkVisibility(session, history)),
    ...checkOrderAndDelivery(history),
  ]
}

function checkSequence(session: Session): Violation[] {
  const wrong = session.received.findIndex(({ s }, i) => s !== i + 1)
  if (wrong === -1) return []
  const text = `${session.client}: ${session.received[wrong]!.s} instead of ${wrong + 1}`
  return [{ rule: 'skipped', text, evidence: around(session, wrong) }]
}

/** Messages have unique texts, so two ids with one text are a retry that was stored again. */
function checkDuplicates({ sessions, stored }: History): Violation[] {
  const twice = Object.entries(stored).flatMap(([channel, messages]) =>
    [...Map.groupBy(messages, ({ content }) => content)].flatMap(([content, same]): Violation[] => {
      if (same.length === 1) return []
      const ids = same.map(({ id }) => id).join(' and ')
      const text = `“${content}” is stored ${same.length} times in ${channel}, as ${ids}`
      return [{ rule: 'duplicated', text, evidence: [] }]
    }),
  )
  const again = [...Map.groupBy(sessions, ({ client }) => client)].flatMap(([client, own]) => {
    const seen = new Set<string>()
    return own.flatMap((session) =>
      session.received.flatMap(({ event }, i): Violation[] => {
        if (event.kind !== 'message') return []
        const isFirst = !seen.has(event.content)
        seen.add(event.content)
        if (isFirst) return []
        const text = `${client} received message ${event.id} again`
        return [{ rule: 'duplicated', text, evidence: around(session, i) }]
      }),
    )
  })
  return [...twice, ...again]
}

function checkStored({ sessions, acknowledged, stored }: History): Violation[] {
  const channelOf = new Map<string, string>()
  for (const [channel, messages] of Object.entries(stored))
    for (const { id } of messages) channelOf.set(id, channel)
  const lost = acknowledged
    .filter(({ id, channel }) => channelOf.get(id) !== channel)
    .map(({ id, channel }): Violation => {
      const text = `message ${id} was acknowledged, and is not in the history of ${channel}`
      return { rule: 'lost', text, evidence: [] }
    })
  const misrouted = sessions.flatMap((session) =>
    session.received.flatMap(({ event }, i): Violation[] => {
      if (event.kind !== 'message' || channelOf.get(event.id) === event.channel) return []
      const { client } = session
      const text = `${client} received message ${event.id} in ${event.channel}, which does not store it`
      return [{ rule: 'misrouted', text, evidence: around(session, i) }]
    }),
  )
  return [...lost, ...misrouted]
}

/** The session's own events decide. A permission that was granted takes effect some time later. */
function checkVisibility(
  session: Session,
  { forbidden, visible, stored }: Pick<History, 'forbidden' | 'visible' | 'stored'>,
): Violation[] {
  const { client, user, received, isOpen } = session
  const never = new Set(forbidden[user])
  const known = new Set<string>()
  const leaks = received.flatMap(({ event }, i): Violation[] => {
    const leak = (channel: string): Violation => {
      const text = `${client} received ${describe(event)}, and its user cannot see ${channel}`
      return { rule: 'leaked', text, evidence: around(session, i) }
    }
    switch (event.kind) {
      case 'guild':
        known.clear()
        for (const channel of event.channels) known.add(channel)
        return event.channels.filter((channel) => never.has(channel)).map(leak)
      case 'shown':
        known.add(event.channel)
        return never.has(event.channel) ? [leak(event.channel)] : []
      case 'hidden':
        known.delete(event.channel)
        return []
      case 'message':
        return known.has(event.channel) ? [] : [leak(event.channel)]
      default:
        return event.channel !== undefined && never.has(event.channel) ? [leak(event.channel)] : []
    }
  })
  const wrong = Object.keys(stored).filter(
    (channel) => known.has(channel) !== (visible[user]?.includes(channel) ?? false),
  )
  const unaware = wrong.map((channel): Violation => {
    const text = `${client} ${known.has(channel) ? 'still sees' : 'does not see'} ${channel}`
    return { rule: 'unaware', text, evidence: around(session, received.length - 1) }
  })
  return isOpen ? [...leaks, ...unaware] : leaks
}

function checkOrderAndDelivery(history: History): Violation[] {
  const { sessions, changing, acknowledged, stored } = history
  const intervals = sessions.flatMap((session) => visibleIntervals(session, changing))
  return Object.keys(stored).flatMap((channel) => {
    const own = intervals.filter((interval) => interval.channel === channel)
    const sent = acknowledged.filter((message) => message.channel === channel)
    const sequences = [
      ...[...Map.groupBy(own, ({ session }) => session.client)].map(([client, all]) => ({
        witness: `${client} received`,
        ids: [...new Set(all.flatMap(({ messages }) => messages))],
      })),
      // A channel has one sender, which waits for each acknowledgement before the next message.
      { witness: 'the sender got an acknowledgement of', ids: sent.map(({ id }) => id) },
    ]
    const order = new MessageOrder(sequences.map(({ ids }) => ids))
    const cycle = findCycle(order)
    if (cycle) return [reordered(channel, cycle, sequences)]
    return own.flatMap((interval) => checkDelivery(interval, sent, order))
  })
}

function checkDelivery(
  { session, channel, fromMs, messages, lastsToEnd }: VisibleInterval,
  sent: History['acknowledged'],
  order: MessageOrder,
): Violation[] {
  const received = new Set(messages)
  const [first, last] = [messages.at(0), messages.at(-1)]
  return sent
    .filter(({ id, sentAtMs }) => {
      if (received.has(id)) return false
      // Sent while the session saw the channel, and others follow it, or nothing was cut off.
      const isFollowed = lastsToEnd || (last !== undefined && order.isBefore(id, last))
      return (sentAtMs > fromMs && isFollowed) || order.isBetween(id, first, last)
    })
    .map(({ id }): Violation => {
      const { client, received: all } = session
      const text = `${client} did not receive message ${id} of ${channel}, acknowledged at its time`
      const next = all.findIndex(
        ({ event }) => event.kind === 'message' && order.isBefore(id, event.id),
      )
      const at = next === -1 ? all.length - 1 : next
      return { rule: 'lost', text, evidence: around(session, at) }
    })
}

function reordered(
  channel: string,
  cycle: readonly string[],
  sequences: readonly { readonly witness: string; readonly ids: readonly string[] }[],
): Violation {
  const evidence = cycle.map((id, i) => {
    const next = cycle[(i + 1) % cycle.length]!
    const sequence = sequences.find(({ ids }) => {
      const at = ids.indexOf(id)
      return at !== -1 && ids[at + 1] === next
    })
    return `${sequence?.witness} ${id} right before ${next}`
  })
  return { rule: 'reordered', text: `the messages of ${channel} have no order`, evidence }
}

const describe = (event: Received['event']): string => {
  switch (event.kind) {
    case 'message':
      return `message ${event.id} of ${event.channel}`
    case 'guild':
      return `the guild with ${event.channels.join(', ')}`
    case 'other':
      return event.type
    default:
      return `${event.channel} ${event.kind}`
  }
}

/** The events of a session around one of them, a line each. */
const around = ({ client, received }: Session, at: number): string[] =>
  received
    .slice(Math.max(0, at - CONTEXT), at + CONTEXT + 1)
    .map(({ atMs, s, event }) => `${client} at ${Math.round(atMs)} ms, s=${s}: ${describe(event)}`)
