import type { ChannelId, MessageId } from '@threshold/contract'
import type { Deadline, HybridClock } from '@threshold/kit'
import type { MessageStore } from '@threshold/ports'

/**
 * Deletes what is there when it is asked for, and answers what went. To a store an edit with a later time wins over a delete
 * (decision 8); to a person who deletes what they see, it does not: an edit that got in between, perhaps by a process whose
 * clock is ahead, is observed, and the delete is written once more with a time that is later still.
 */
export async function removeNow(
  { messages, hybrid }: { readonly messages: MessageStore; readonly hybrid: HybridClock },
  channel: ChannelId,
  ids: readonly MessageId[],
  deadline: Deadline,
): Promise<readonly MessageId[]> {
  const gone = await messages.remove(channel, ids, hybrid.next(), deadline)
  const kept = ids.filter((id) => !gone.includes(id))
  if (kept.length === 0) return gone
  const left = await messages.get(channel, kept, deadline)
  if (left.length === 0) return gone
  for (const { writeTimeMicros } of left) hybrid.observe(writeTimeMicros)
  // It ends: each time round somebody else has written something newer, and the deadline is near.
  const more = await removeNow(
    { messages, hybrid },
    channel,
    left.map(({ id }) => id),
    deadline,
  )
  return [...gone, ...more]
}
