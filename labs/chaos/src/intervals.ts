import type { History, Received, Session } from './history.ts'

/** The time in which one session saw a channel. */
export interface VisibleInterval {
  readonly session: Session
  readonly channel: string
  readonly fromMs: number
  /** The ids of the messages that it received, each once. */
  readonly messages: string[]
  /** Whether the session and the channel's visibility lasted to the end of the run. */
  lastsToEnd: boolean
}

/**
 * A GUILD_CREATE that comes again shows what the session has missed: a channel whose permissions
 * change may have been hidden in between, and begins anew.
 */
export function visibleIntervals(
  session: Session,
  changing: History['changing'],
): VisibleInterval[] {
  const intervals: VisibleInterval[] = []
  const open = new Map<string, VisibleInterval>()
  const seen = new Set<string>()
  const show = (channel: string, { atMs }: Received): void => {
    if (open.has(channel)) return
    const interval = {
      session,
      channel,
      fromMs: atMs,
      messages: [],
      lastsToEnd: session.isOpen,
    }
    intervals.push(interval)
    open.set(channel, interval)
  }
  const hide = (channel: string): void => {
    const interval = open.get(channel)
    if (interval) interval.lastsToEnd = false
    open.delete(channel)
  }
  for (const received of session.received) {
    const { event } = received
    switch (event.kind) {
      case 'guild':
        for (const channel of [...open.keys()])
          if (!event.channels.includes(channel) || changing.includes(channel)) hide(channel)
        for (const channel of event.channels) show(channel, received)
        break
      case 'shown':
        show(event.channel, received)
        break
      case 'hidden':
        hide(event.channel)
        break
      case 'message':
        if (seen.has(event.id)) break
        seen.add(event.id)
        open.get(event.channel)?.messages.push(event.id)
    }
  }
  return intervals
}
