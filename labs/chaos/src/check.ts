import type { History, Received, Session } from './history.ts'
import { findCycle, MessageOrder } from './order.ts'

export const RULES = {
  skipped: 'the sequence numbers of a session have no gap and no repetition',
  lost: 'an acknowledged message is stored, and reaches every session that may see it',
  doubled: 'a client receives a message once',
  strayed: 'a message is received in the channel that stores it',
  disordered: 'all sessions see the messages of a channel in one order',
  leaked: 'a session receives nothing of a channel that its user cannot see at that point',
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
  const visits = history.sessions.flatMap(visitsOf)
  return [
    ...history.sessions.flatMap(checkSequence),
    ...checkDoubled(history),
    ...checkStored(history),
    ...history.sessions.flatMap((session) => checkVisibility(session, history.forbidden)),
    ...checkOrderAndDelivery(history, visits),
  ]
}

function checkSequence(session: Session): Violation[] {
  const wrong = session.received.findIndex(({ s }, i) => s !== i + 1)
  if (wrong === -1) return []
  const text = `${session.client}: ${session.received[wrong]!.s} instead of ${wrong + 1}`
  return [{ rule: 'skipped', text, evidence: around(session, wrong) }]
}

function checkDoubled({ sessions }: History): Violation[] {
  return [...Map.groupBy(sessions, ({ client }) => client)].flatMap(([client, own]) => {
    const seen = new Set<string>()
    return own.flatMap((session) =>
      session.received.flatMap(({ event }, i): Violation[] => {
        if (event.kind !== 'message') return []
        const isFirst = !seen.has(event.id)
        seen.add(event.id)
        if (isFirst) return []
        const text = `${client} received message ${event.id} again`
        return [{ rule: 'doubled', text, evidence: around(session, i) }]
      }),
    )
  })
}

function checkStored({ sessions, acknowledged, stored }: History): Violation[] {
  const channelOf = new Map<string, string>()
  const twice: Violation[] = []
  for (const [channel, ids] of Object.entries(stored))
    for (const id of ids) {
      if (channelOf.has(id))
        twice.push({ rule: 'doubled', text: `message ${id} is stored twice`, evidence: [] })
      channelOf.set(id, channel)
    }
  const lost = acknowledged
    .filter(({ id, channel }) => channelOf.get(id) !== channel)
    .map(({ id, channel }): Violation => {
      const text = `message ${id} was acknowledged, and is not in the history of ${channel}`
      return { rule: 'lost', text, evidence: [] }
    })
  const strayed = sessions.flatMap((session) =>
    session.received.flatMap(({ event }, i): Violation[] => {
      if (event.kind !== 'message' || channelOf.get(event.id) === event.channel) return []
      const text = `${session.client} received message ${event.id} in ${event.channel}, which does not store it`
      return [{ rule: 'strayed', text, evidence: around(session, i) }]
    }),
  )
  return [...twice, ...lost, ...strayed]
}

/** The session's own events decide. A permission that was granted takes effect some time later. */
function checkVisibility(session: Session, forbidden: History['forbidden']): Violation[] {
  const never = new Set(forbidden[session.user])
  const visible = new Set<string>()
  return session.received.flatMap(({ event }, i): Violation[] => {
    const leak = (channel: string): Violation => {
      const text = `${session.client} received ${describe(event)}, and its user cannot see ${channel}`
      return { rule: 'leaked', text, evidence: around(session, i) }
    }
    switch (event.kind) {
      case 'guild':
        // It may come again, and then shows what the session has missed.
        visible.clear()
        for (const channel of event.channels) visible.add(channel)
        return event.channels.filter((channel) => never.has(channel)).map(leak)
      case 'shown':
        visible.add(event.channel)
        return never.has(event.channel) ? [leak(event.channel)] : []
      case 'hidden':
        visible.delete(event.channel)
        return []
      case 'message':
        return visible.has(event.channel) ? [] : [leak(event.channel)]
      default:
        return []
    }
  })
}

/** A channel as one session saw it, from its appearance to its disappearance or the end. */
interface Visit {
  readonly session: Session
  readonly channel: string
  readonly fromMs: number
  readonly messages: string[]
  /** Whether the session and the channel's visibility lasted to the end of the run. */
  toTheEnd: boolean
}

function visitsOf(session: Session): Visit[] {
  const visits: Visit[] = []
  const open = new Map<string, Visit>()
  const seen = new Set<string>()
  const show = (channel: string, { atMs }: Received): void => {
    if (open.has(channel)) return
    const visit = { session, channel, fromMs: atMs, messages: [], toTheEnd: session.isOpen }
    visits.push(visit)
    open.set(channel, visit)
  }
  const hide = (channel: string): void => {
    const visit = open.get(channel)
    if (visit) visit.toTheEnd = false
    open.delete(channel)
  }
  for (const received of session.received) {
    const { event } = received
    if (event.kind === 'guild') {
      for (const channel of open.keys()) if (!event.channels.includes(channel)) hide(channel)
      for (const channel of event.channels) show(channel, received)
    } else if (event.kind === 'shown') show(event.channel, received)
    else if (event.kind === 'hidden') hide(event.channel)
    else if (event.kind === 'message' && !seen.has(event.id)) {
      seen.add(event.id)
      open.get(event.channel)?.messages.push(event.id)
    }
  }
  return visits
}

function checkOrderAndDelivery(history: History, visits: readonly Visit[]): Violation[] {
  return Object.keys(history.stored).flatMap((channel) => {
    const own = visits.filter((visit) => visit.channel === channel)
    const order = new MessageOrder(own.map(({ messages }) => messages))
    const cycle = findCycle(order)
    if (cycle) return [disordered(channel, cycle, own)]
    const sent = history.acknowledged.filter((message) => message.channel === channel)
    return own.flatMap((visit) => {
      const received = new Set(visit.messages)
      return sent
        .filter(({ id, sentAtMs }) => {
          if (received.has(id)) return false
          // Sent while the session saw the channel, which it did to the end.
          if (visit.toTheEnd && sentAtMs > visit.fromMs) return true
          // Others saw it between two messages that the session has.
          return order.isBetween(id, visit.messages.at(0), visit.messages.at(-1))
        })
        .map(({ id }): Violation => {
          const { client, received: all } = visit.session
          const text = `${client} did not receive message ${id} of ${channel}, acknowledged at its time`
          const next = all.findIndex(
            ({ event }) => event.kind === 'message' && order.isBefore(id, event.id),
          )
          const at = next === -1 ? all.length - 1 : next
          return { rule: 'lost', text, evidence: around(visit.session, at) }
        })
    })
  })
}

function disordered(
  channel: string,
  cycle: readonly string[],
  visits: readonly Visit[],
): Violation {
  const evidence = cycle.map((id, i) => {
    const next = cycle[(i + 1) % cycle.length]!
    const witness = visits.find(
      ({ messages }) =>
        messages.indexOf(id) === messages.indexOf(next) - 1 && messages.includes(id),
    )
    return `${witness?.session.client} received ${id} right before ${next}`
  })
  return { rule: 'disordered', text: `the messages of ${channel} have no order`, evidence }
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
