import type { ChannelId, MessageId } from '@threshold/contract'
import { type Deadline, type HybridClock, messageOf } from '@threshold/kit'
import type { MessageStore } from '@threshold/ports'
import type { ChannelAccess, Context } from '../context.ts'
import type { Requester } from '../route.ts'
import type { EventPublisher, FindEvent } from './event-publisher.ts'
import { deletionEventId, messageDeleted, messagesDeleted } from './message-events.ts'

/**
 * Deletes messages from the store and resolves with the ids that were there.
 *
 * The store keeps the write with the larger time, so an edit with a later time survives a delete
 * (ADR 8). A user who deletes the message that they see expects it to go. If such an edit came in
 * between, perhaps from a process whose clock is ahead, its time is observed and the delete is
 * written again with a later one.
 */
export async function deleteFromStore(
  { messages, hybrid }: { readonly messages: MessageStore; readonly hybrid: HybridClock },
  channel: ChannelId,
  ids: readonly MessageId[],
  deadline: Deadline,
): Promise<readonly MessageId[]> {
  const deleted = await messages.remove(channel, ids, hybrid.next(), deadline)
  const rest = ids.filter((id) => !deleted.includes(id))
  if (rest.length === 0) return deleted
  const survivors = await messages.get(channel, rest, deadline)
  if (survivors.length === 0) return deleted
  for (const { writeTimeMicros } of survivors) hybrid.observe(writeTimeMicros)
  // Each round needs another edit that came in between, and the deadline bounds the rounds.
  const more = await deleteFromStore(
    { messages, hybrid },
    channel,
    survivors.map(({ id }) => id),
    deadline,
  )
  return [...deleted, ...more]
}

/**
 * Deletes messages and publishes it: one MESSAGE_DELETE each, or one MESSAGE_DELETE_BULK. Resolves
 * with the ids that were there.
 *
 * The event comes right after the delete, since a retry cannot publish it: it finds nothing to
 * delete. The search entry comes last. It may stay behind, because a search drops entries without a
 * message.
 */
export async function deleteMessages(
  context: Context,
  publisher: EventPublisher,
  request: Requester,
  access: ChannelAccess,
  ids: readonly MessageId[],
  events: 'each' | 'bulk',
): Promise<readonly MessageId[]> {
  const { ports, runtime } = context
  const { deadline } = request
  const stores = { messages: ports.messages, hybrid: runtime.hybrid }
  const changes = ids.map((messageId) => {
    return { kind: 'deleted', eventId: deletionEventId(messageId), messageId } as const
  })
  const deleted = await publisher.attempt(request, access, changes, async () => {
    // Each id is announced, because the delete may take effect even if the store reports a failure.
    // The reconciler then publishes an event for each id that is not in the store. That includes
    // ids that never existed, which clients do not know and ignore.
    const removed = await deleteFromStore(stores, access.channel.id, ids, deadline)
    if (removed.length === 0) return removed
    if (events === 'bulk')
      await publisher.publish(access, messagesDeleted(access, removed), deadline)
    else
      for (const id of removed)
        await publisher.publish(access, messageDeleted(access, id), deadline)
    publisher.published(removed.map(deletionEventId))
    return removed
  })
  if (deleted.length === 0) return deleted
  if (access.kind === 'guild')
    await ports.search.remove(deleted, deadline).catch((error: unknown) => {
      runtime.log.warn({ err: messageOf(error) }, 'deleted messages stay in the search index')
    })
  return deleted
}

/** Finds the MESSAGE_DELETE of a message that may be deleted. */
export const findDeleted =
  ({ ports }: Context): FindEvent =>
  async (access, { messageId }, { deadline }) => {
    const found = await ports.messages.get(access.channel.id, [messageId], deadline)
    return found.length === 0 ? messageDeleted(access, messageId) : undefined
  }
