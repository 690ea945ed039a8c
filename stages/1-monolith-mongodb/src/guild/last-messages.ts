import { type ChannelId, compareIds, type MessageId } from '@threshold/contract'
import { type Deadline, deadlineAfter, hasCode, messageOf, type Runtime } from '@threshold/kit'
import type { MessageStore } from '@threshold/ports'

/**
 * The newest message id of each channel of one guild. It is updated from the guild's own events, so
 * that sending a message costs no extra write.
 */
export interface LastMessages {
  /** Whether the store's answer has been merged. Until then only messages since the load count. */
  readonly complete: boolean
  get(channel: ChannelId): MessageId | undefined
  /** The newest ids of those of `channels` that have a message. */
  forChannels(channels: Iterable<ChannelId>): ReadonlyMap<ChannelId, MessageId>
  /** Records a new message. An older id than the recorded one has no effect. */
  record(channel: ChannelId, id: MessageId): void
  /**
   * Merges the store's answer. While the store was read, messages may have been sent and channels
   * deleted; those changes win.
   */
  mergeStored(newest: ReadonlyMap<ChannelId, MessageId>): void
  delete(channel: ChannelId): void
}

export function createLastMessages(exists: (channel: ChannelId) => boolean): LastMessages {
  const newest = new Map<ChannelId, MessageId>()
  let complete = false
  const record = (channel: ChannelId, id: MessageId): void => {
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
    record,
    mergeStored(stored) {
      for (const [channel, id] of stored) record(channel, id)
      complete = true
    },
    delete: (channel) => void newest.delete(channel),
  }
}

/**
 * Time limit for the store, in milliseconds. The ids are one optional field of a larger answer,
 * which must not wait long for them.
 */
const GUILD_TIMEOUT_MS = 1_000
/** Shorter, because READY waits for the ids of all direct messages. */
const DIRECT_MESSAGES_TIMEOUT_MS = 500
/** Direct message channels per request to the store. MongoDB runs one query for each. */
const CHANNELS_PER_REQUEST = 50
/** Direct message channels of one user that are requested in all. */
const MAX_DIRECT_CHANNELS = 1_000

type NewestMessages = ReadonlyMap<ChannelId, MessageId>
type NewestMessageStore = Pick<MessageStore, 'newest'>

/** The newest message of each channel, or undefined if the store fails. Never rejects. */
export async function tryNewest(
  messages: NewestMessageStore,
  channels: readonly ChannelId[],
  { clock, log }: Pick<Runtime, 'clock' | 'log'>,
  deadline: Deadline = deadlineAfter(GUILD_TIMEOUT_MS, clock),
): Promise<NewestMessages | undefined> {
  if (channels.length === 0) return new Map()
  try {
    return await messages.newest(channels, deadline)
  } catch (error) {
    // An outage is logged by the store's adapter, and ends by itself. Any other error needs an
    // operator.
    if (!hasCode(error, 'UNAVAILABLE', 'DEADLINE_EXCEEDED'))
      log.warn({ err: messageOf(error) }, 'could not read the newest message of each channel')
    return undefined
  }
}

/**
 * The newest message of each of a user's direct message channels. Newer channels come first, and
 * the result leaves out the ones for which the time was too short.
 */
export async function newestOfDirectMessages(
  messages: NewestMessageStore,
  channels: readonly ChannelId[],
  runtime: Pick<Runtime, 'clock' | 'log'>,
): Promise<NewestMessages> {
  const deadline = deadlineAfter(DIRECT_MESSAGES_TIMEOUT_MS, runtime.clock)
  const newestFirst = channels.toSorted((a, b) => compareIds(b, a)).slice(0, MAX_DIRECT_CHANNELS)
  const found = new Map<ChannelId, MessageId>()
  for (let start = 0; start < newestFirst.length; start += CHANNELS_PER_REQUEST) {
    const batch = newestFirst.slice(start, start + CHANNELS_PER_REQUEST)
    const newest = await tryNewest(messages, batch, runtime, deadline)
    if (!newest) break
    for (const [channel, id] of newest) found.set(channel, id)
  }
  return found
}
