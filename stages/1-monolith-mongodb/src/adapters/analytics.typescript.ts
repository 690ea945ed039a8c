import type { ChannelId, UserId } from '@threshold/contract'
import type { Clock } from '@threshold/kit'
import type { Analytics } from '@threshold/ports'

interface Minute {
  readonly minute: number
  readonly users: Set<UserId>
  readonly channels: Map<ChannelId, number>
}

/**
 * Distinct users, and distinct channels, counted in one minute. It bounds the memory; above it the
 * counts are lower bounds.
 */
const MAX_KEYS = 100_000
const BUSIEST = 10

/** Exact counts of the last five minutes. Stage 4 counts with sketches, in constant memory. */
export function typescriptAnalytics(clock: Clock, minutes = 5): Analytics {
  let window: Minute[] = []
  const currentMinute = (): Minute => {
    const minute = Math.floor(clock.now() / 60_000)
    window = window.filter((m) => m.minute > minute - minutes)
    let last = window.at(-1)
    if (last?.minute !== minute) {
      last = { minute, users: new Set(), channels: new Map() }
      window.push(last)
    }
    return last
  }
  return {
    record({ channelId, authorId }) {
      const { users, channels } = currentMinute()
      if (users.size < MAX_KEYS) users.add(authorId)
      if (channels.size < MAX_KEYS || channels.has(channelId))
        channels.set(channelId, (channels.get(channelId) ?? 0) + 1)
    },
    snapshot() {
      currentMinute() // drops the minutes that have passed
      const totals = new Map<ChannelId, number>()
      for (const { channels } of window)
        for (const [id, count] of channels) totals.set(id, (totals.get(id) ?? 0) + count)
      const busiest = [...totals]
        .map(([channelId, messages]) => ({ channelId, messages }))
        .sort((a, b) => b.messages - a.messages)
      return {
        messages: busiest.reduce((sum, { messages }) => sum + messages, 0),
        activeUsers: new Set(window.flatMap(({ users }) => [...users])).size,
        busiestChannels: busiest.slice(0, BUSIEST),
      }
    },
  }
}
