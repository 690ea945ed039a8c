import type { Deadline } from '@threshold/kit'
import type { HubEvent } from '@threshold/ports'
import type { ChannelAccess, Context } from '../context.ts'
import { createPublishReconciler, type PendingPublish } from './publish-reconciler.ts'

/**
 * Publishes the events of changes to messages. A change is stored first and published second, so a
 * request that fails in between leaves a change that no session has received. The caller reports
 * such a failure by `publishIfStored`, and the reconciler finishes it in the background.
 */
export interface EventPublisher extends AsyncDisposable {
  /**
   * Resolves once the event is in the log of the channel's guild, or was delivered to both users of
   * a direct message. Rejects with `UNAVAILABLE` or `DEADLINE_EXCEEDED`; the event may then be
   * published all the same. Publishing the same event id again is safe: sessions receive it once.
   */
  publish(access: ChannelAccess, event: HubEvent, deadline: Deadline): Promise<void>
  /** The outcome of a change is unknown: publishes its event if the store turns out to have it. */
  publishIfStored(pending: PendingPublish): void
  /** The change was published in another event, such as a bulk deletion. */
  cancel(eventId: string): void
}

export function createEventPublisher(context: Context): EventPublisher {
  const reconciler = createPublishReconciler(
    (access, event, deadline) => publishToChannel(context, access, event, deadline),
    context.runtime,
  )
  return {
    async publish(access, event, deadline) {
      await publishToChannel(context, access, event, deadline)
      // A retry publishes the event that its first try left to the reconciler.
      reconciler.remove(event.id)
    },
    publishIfStored: reconciler.add,
    cancel: reconciler.remove,
    [Symbol.asyncDispose]: reconciler[Symbol.asyncDispose],
  }
}

/** Publishes to the channel's guild, or to both users of a direct message. */
export async function publishToChannel(
  { ports: { hub } }: Context,
  access: ChannelAccess,
  event: HubEvent,
  deadline: Deadline,
): Promise<void> {
  if (access.kind === 'dm') await hub.publishToUsers(access.recipients, event, deadline)
  else await hub.publish(access.guildId, event, deadline)
}
