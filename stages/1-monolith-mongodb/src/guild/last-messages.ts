import { type ChannelId, compareIds, type MessageId } from '@threshold/contract'
import { type Deadline, deadlineAfter, hasCode, messageOf, type Runtime } from '@threshold/kit'
import type { MessageStore } from '@threshold/ports'

/**
 * The newest message that each channel of a guild has had. It follows the guild's own events, and
 * costs no write.
 */
export interface LastMessages {
  /**
   * Whether the store was asked since the guild was loaded; until then only what has come since is
   * known.
   */
  readonly complete: boolean
  get(channel: ChannelId): MessageId | undefined
  /** Those of these channels that have had one. */
  forChannels(channels: Iterable<ChannelId>): ReadonlyMap<ChannelId, MessageId>
  record(channel: ChannelId, id: MessageId): void
  /**
   * Takes the store's answer. Messages may have come while the store was read, and channels gone.
   */
  mergeStored(newest: ReadonlyMap<ChannelId, MessageId>): void
  /** The channel is gone. */
  delete(channel: ChannelId): void
}

export function createLastMessages(exists: (channel: ChannelId) => boolean): LastMessages {
  const newest = new Map<ChannelId, MessageId>()
  let complete = false
  const sent = (channel: ChannelId, id: MessageId): void => {
    if (!exists(channel)) return
    const known = newest.get(channel)
    if (known === undefined || compareIds(id, known) > 0) newest.set(channel, id)
  }
  return {
    get complete() {
      return complete
    },
    get: (channel) => newest.get(channel),
    forChannels: (channels) =>
      new Map(
        [...channels].flatMap((channel) => {
          const id = newest.get(channel)
          return id === undefined ? [] : [[channel, id] as const]
        }),
      ),
    record: sent,
    mergeStored(found) {
      for (const [channel, id] of found) sent(channel, id)
      complete = true
    },
    delete: (channel) => void newest.delete(channel),
  }
}

/**
 * How long the store may take. The result is one field of a larger answer, which can go without it.
 */
const STORE_MS = 1_000
/** READY waits for its direct messages, and is larger still. */
const DIRECT_MS = 500
/**
 * Direct messages that the store is asked for: together, and in all. MongoDB takes a query for
 * each.
 */
const TOGETHER = 50
const MOST_DIRECT = 1_000

type Newest = ReadonlyMap<ChannelId, MessageId>
type Store = Pick<MessageStore, 'newest'>

/** The newest message of each channel, or undefined where the store cannot say. Never rejects. */
export async function tryNewest(
  messages: Store,
  channels: readonly ChannelId[],
  { clock, log }: Pick<Runtime, 'clock' | 'log'>,
  deadline: Deadline = deadlineAfter(STORE_MS, clock),
): Promise<Newest | undefined> {
  if (channels.length === 0) return new Map()
  try {
    return await messages.newest(channels, deadline)
  } catch (error) {
    // An outage is logged elsewhere, and ends. Anything else lasts until somebody mends it.
    if (!hasCode(error, 'UNAVAILABLE', 'DEADLINE_EXCEEDED')) {
      log.warn({ err: messageOf(error) }, 'the store does not say which messages are the newest')
    }
    return undefined
  }
}

/**
 * The same for a user's direct messages, newest channels first: those that the store has answered
 * for in time.
 */
export async function newestOfDirectMessages(
  messages: Store,
  channels: readonly ChannelId[],
  runtime: Pick<Runtime, 'clock' | 'log'>,
): Promise<Newest> {
  const deadline = deadlineAfter(DIRECT_MS, runtime.clock)
  const wanted = channels.toSorted((a, b) => compareIds(b, a)).slice(0, MOST_DIRECT)
  const found = new Map<ChannelId, MessageId>()
  for (let at = 0; at < wanted.length; at += TOGETHER) {
    const some = await tryNewest(messages, wanted.slice(at, at + TOGETHER), runtime, deadline)
    if (!some) break
    for (const [channel, id] of some) found.set(channel, id)
  }
  return found
}
