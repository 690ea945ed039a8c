import type { ChannelId, UserId } from '@threshold/contract'
import type { Clock } from '@threshold/kit'
import type { Analytics } from '@threshold/ports'

interface Minute {
  readonly minute: number
  readonly users: Set<UserId>
  readonly channels: Map<ChannelId, number>
}

/**
 * Distinct users and channels kept for one minute at the most: memory stays bounded, and beyond it
 * the counts are lower bounds.
 */
const MOST_KEYS = 100_000

/**
 * Exact counts over the last five minutes. Stage 4 does the same with sketches, in constant memory.
 */
export function typescriptAnalytics(clock: Clock, minutes = 5): Analytics {
  let window: Minute[] = []
  const current = (): Minute => {
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
      const { users, channels } = current()
      if (users.size < MOST_KEYS) users.add(authorId)
      if (channels.size < MOST_KEYS || channels.has(channelId))
        channels.set(channelId, (channels.get(channelId) ?? 0) + 1)
    },
    snapshot() {
      current()
      const totals = new Map<ChannelId, number>()
      for (const { channels } of window)
        for (const [id, n] of channels) totals.set(id, (totals.get(id) ?? 0) + n)
      const busiest = [...totals]
        .map(([channelId, messages]) => ({ channelId, messages }))
        .sort((a, b) => b.messages - a.messages)
      return {
        messages: busiest.reduce((sum, c) => sum + c.messages, 0),
        activeUsers: new Set(window.flatMap((m) => [...m.users])).size,
        busiestChannels: busiest.slice(0, 10),
      }
    },
  }
}
