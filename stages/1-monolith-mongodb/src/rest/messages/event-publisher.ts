import type { Deadline } from '@threshold/kit'
import type { HubEvent, PendingChange } from '@threshold/ports'
import type { ChannelAccess, Context } from '../context.ts'
import type { Requester } from '../route.ts'
import { type MessageChannel, toMessageChannel } from './message-channel.ts'

/** The parts of a change that a message route knows. */
export type MessageChange = Pick<PendingChange, 'kind' | 'eventId' | 'messageId'> &
  Partial<Pick<PendingChange, 'writeTimeMicros'>>

/** Finds the event of a change that may be stored. Undefined: the store does not have the change. */
export type FindEvent = (
  channel: MessageChannel,
  change: PendingChange,
  requester: Requester,
) => Promise<HubEvent | undefined>

/**
 * Publishes the events of changes to messages. A change is stored first and published second, so a
 * request that fails in between leaves a change that no session has received. The reconciler
 * publishes it later.
 */
export interface EventPublisher {
  /**
   * Runs `work`, which stores the changes and publishes their events, and settles as it does. If it
   * rejects, the changes may be stored: the reconciler then publishes those that are. Rejects with
   * `UNAVAILABLE` or `DEADLINE_EXCEEDED`, without running `work`, if the reconciler cannot remember
   * the changes.
   */
  attempt<T>(
    requester: Requester,
    access: ChannelAccess,
    changes: readonly MessageChange[],
    work: () => Promise<T>,
  ): Promise<T>
  /**
   * Resolves once the event is in the log of the channel's guild, or was delivered to both users of
   * a direct message. Rejects with `UNAVAILABLE` or `DEADLINE_EXCEEDED`; the event may then be
   * published all the same. Publishing the same event id again is safe: sessions receive it once.
   */
  publish(access: ChannelAccess, event: HubEvent, deadline: Deadline): Promise<void>
  /** These events were published as part of another one, such as a bulk deletion. */
  published(eventIds: readonly string[]): void
}

export function createEventPublisher(
  context: Context,
  findEvent: Readonly<Record<PendingChange['kind'], FindEvent>>,
): EventPublisher {
  const { reconciler } = context.ports
  reconciler.start(async (change, deadline) => {
    const channel = toMessageChannel(change.channel)
    const requester = { userId: change.userId, deadline }
    const event = await findEvent[change.kind](channel, change, requester)
    if (!event) return 'absent'
    await publishToChannel(context, channel, event, deadline)
    return 'published'
  })
  return {
    async attempt({ userId, deadline }, access, changes, work) {
      // Plain data outlives the request, so that its body is freed.
      const { id, type } = access.channel
      const owner =
        access.kind === 'guild' ? { guildId: access.guildId } : { recipients: access.recipients }
      const channel = { id, type, ...owner }
      const pending = changes.map((change) => ({ v: 1, ...change, userId, channel }) as const)
      const attempt = await reconciler.begin(pending, deadline)
      try {
        const result = await work()
        attempt.settle()
        return result
      } catch (error) {
        attempt.reconcile()
        throw error
      }
    },
    async publish(access, event, deadline) {
      await publishToChannel(context, access, event, deadline)
      // A retry publishes the event that its first try left to the reconciler.
      reconciler.published([event.id])
    },
    published: reconciler.published,
  }
}

/** Publishes to the channel's guild, or to both users of a direct message. */
export async function publishToChannel(
  { ports: { hub }, runtime: { telemetry } }: Context,
  channel: MessageChannel,
  event: HubEvent,
  deadline: Deadline,
): Promise<void> {
  await telemetry.step('hub.publish', async () => {
    if (channel.kind === 'dm') await hub.publishToUsers(channel.recipients, event, deadline)
    else await hub.publish(channel.guildId, event, deadline)
  })
}
