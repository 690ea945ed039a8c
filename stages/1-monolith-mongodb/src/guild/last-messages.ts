import { type ChannelId, compareIds, type MessageId } from '@threshold/contract'
import { type Clock, deadlineIn, hasCode } from '@threshold/kit'
import type { MessageStore } from '@threshold/ports'

/** The newest message that each channel of a guild has had. It follows the guild's own events, and costs no write. */
export interface LastMessages {
  /** Whether the store was asked since the guild was loaded; until then only what has come since is known. */
  readonly complete: boolean
  of(channel: ChannelId): MessageId | undefined
  /** Those of these channels that have had one. */
  pick(channels: Iterable<ChannelId>): ReadonlyMap<ChannelId, MessageId>
  sent(channel: ChannelId, id: MessageId): void
  /** What the store says. Messages may have come while it was asked. */
  stored(newest: ReadonlyMap<ChannelId, MessageId>): void
}

export function createLastMessages(): LastMessages {
  const newest = new Map<ChannelId, MessageId>()
  let complete = false
  const sent = (channel: ChannelId, id: MessageId): void => {
    const known = newest.get(channel)
    if (known === undefined || compareIds(id, known) > 0) newest.set(channel, id)
  }
  return {
    get complete() {
      return complete
    },
    of: (channel) => newest.get(channel),
    pick: (channels) =>
      new Map(
        [...channels].flatMap((channel) => {
          const id = newest.get(channel)
          return id === undefined ? [] : [[channel, id] as const]
        }),
      ),
    sent,
    stored(found) {
      for (const [channel, id] of found) sent(channel, id)
      complete = true
    },
  }
}

/** How long the store may take. What is asked for is a field of a larger answer, which does without if need be. */
const STORE_MS = 1_000

/** The newest message of each channel, or undefined where the store of messages is away. */
export async function newestOrNone(
  messages: Pick<MessageStore, 'newest'>,
  channels: readonly ChannelId[],
  clock: Clock,
): Promise<ReadonlyMap<ChannelId, MessageId> | undefined> {
  if (channels.length === 0) return new Map()
  try {
    return await messages.newest(channels, deadlineIn(STORE_MS, clock))
  } catch (error) {
    if (hasCode(error, 'UNAVAILABLE', 'DEADLINE_EXCEEDED')) return undefined
    throw error
  }
}
