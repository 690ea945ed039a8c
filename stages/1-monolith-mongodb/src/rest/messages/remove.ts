import type { ChannelId, MessageId } from '@threshold/contract'
import { type Deadline, type HybridClock, messageOf } from '@threshold/kit'
import type { HubEvent, MessageStore } from '@threshold/ports'
import type { Context, Place } from '../context.ts'
import type { Orphans } from './orphans.ts'

/**
 * Deletes what is there when it is asked for, and answers what went. To a store an edit with a
 * later time wins over a delete (decision 8); to a person who deletes what they see, it does not:
 * an edit that got in between, perhaps by a process whose clock is ahead, is observed, and the
 * delete is written once more with a time that is later still.
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

/**
 * Deletes, and tells at once: whoever asks again after a failure finds nothing to delete, and would
 * have nothing to tell. The search entry goes last, and may stay: a search drops what it finds no
 * message for.
 */
export async function removeAndTell(
  context: Context,
  orphans: Orphans,
  place: Place,
  ids: readonly MessageId[],
  told: 'each' | 'in bulk',
  deadline: Deadline,
): Promise<readonly MessageId[]> {
  const { ports, runtime } = context
  let gone: readonly MessageId[]
  try {
    gone = await removeNow(
      { messages: ports.messages, hybrid: runtime.hybrid },
      place.channel.id,
      ids,
      deadline,
    )
    if (gone.length === 0) return gone
    const events =
      told === 'each' ? gone.map((id) => deletion(place, id)) : [bulkDeletion(place, gone)]
    for (const event of events) await orphans.publish(place, event, deadline)
    for (const id of gone) orphans.forget(deletionId(id))
  } catch (error) {
    // Some of them may be gone, or still go. Each is told by itself then, also one that never was:
    // clients know of none.
    for (const id of ids)
      orphans.remember(place, deletionId(id), (by) => ifGone(context, place, id, by))
    throw error
  }
  if (place.kind === 'guild')
    await ports.search.remove(gone, deadline).catch((error: unknown) => {
      runtime.log.warn({ err: messageOf(error) }, 'deleted messages stay in the search index')
    })
  return gone
}

async function ifGone(
  context: Context,
  place: Place,
  id: MessageId,
  deadline: Deadline,
): Promise<HubEvent | undefined> {
  const found = await context.ports.messages.get(place.channel.id, [id], deadline)
  return found.length === 0 ? deletion(place, id) : undefined
}

const deletionId = (id: MessageId): string => `${id}:deleted`
const whereOf = (place: Place) => ({
  channel_id: place.channel.id,
  ...(place.kind === 'guild' ? { guild_id: place.guildId } : {}),
})

const deletion = (place: Place, id: MessageId): HubEvent => ({
  v: 1,
  id: deletionId(id),
  type: 'MESSAGE_DELETE',
  data: { id, ...whereOf(place) },
  channelId: place.channel.id,
})

const bulkDeletion = (place: Place, ids: readonly MessageId[]): HubEvent => ({
  v: 1,
  id: `${ids[0]}:bulk:${ids.length}`,
  type: 'MESSAGE_DELETE_BULK',
  data: { ids, ...whereOf(place) },
  channelId: place.channel.id,
})
