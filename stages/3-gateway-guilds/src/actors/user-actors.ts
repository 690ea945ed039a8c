import { type Deadline, deadlineAfter } from '@threshold/kit'
import type { HubEvent } from '@threshold/ports'
import pLimit from 'p-limit'
import { partitionOf } from '../nats/partitions.ts'
import type { PartitionContext } from './partition.ts'
import { UserActor } from './user-actor.ts'

const NOTIFY_TIMEOUT_MS = 5_000

/** The users of a partition that have sessions, and the order of their direct messages. */
export interface UserActors {
  /** Creates the actor if there is none. */
  get(id: string): UserActor
  peek(id: string): UserActor | undefined
  /** Forgets a user who has no session left. */
  removeIfIdle(id: string): void
  /** Resolves when the event is durable, for one user of this partition. */
  publish(user: string, event: HubEvent, deadline: Deadline): Promise<void>
  /**
   * Publishes to users of any partition. The lowest id decides on the order, so that both sides of
   * a direct message see the same one.
   */
  publishToAll(users: readonly string[], event: HubEvent, deadline: Deadline): Promise<void>
  /** Tells the sessions of a new member, who may belong to another partition. Does not wait. */
  notifyJoined(user: string, guild: string): void
  gatewayGone(gateway: string): void
}

export function createUserActors(context: PartitionContext): UserActors {
  const { runtime, hub, gate, epochBase } = context
  const actors = new Map<string, UserActor>()
  /** One direct message at a time for each lowest id. */
  const orders = new Map<string, ReturnType<typeof pLimit>>()
  let sequence = 0
  const lastPosition = () => ({ epoch: epochBase, sequence })
  const nextPosition = () => {
    sequence += 1
    return lastPosition()
  }

  function get(id: string): UserActor {
    const actor = actors.get(id) ?? new UserActor(id, { ...context, lastPosition, nextPosition })
    actors.set(id, actor)
    return actor
  }

  async function publish(user: string, event: HubEvent, deadline: Deadline): Promise<void> {
    await gate.wait(user, deadline)
    await get(user)
      .publish(event)
      .finally(() => removeIfIdle(user))
  }

  function removeIfIdle(id: string): void {
    if (actors.get(id)?.idle) actors.delete(id)
  }

  return {
    get,
    peek: (id) => actors.get(id),
    removeIfIdle,
    publish,
    async publishToAll(users, event, deadline) {
      const [lowest = ''] = users.toSorted((a, b) => (BigInt(a) < BigInt(b) ? -1 : 1))
      const inOrder = orders.get(lowest) ?? pLimit(1)
      orders.set(lowest, inOrder)
      await inOrder(async () => {
        for (const user of new Set(users))
          if (partitionOf(user) === partitionOf(lowest)) await publish(user, event, deadline)
          else await hub.request(user, 'userEvent', { user, event }, deadline)
      }).finally(() => {
        if (inOrder.activeCount + inOrder.pendingCount === 0) orders.delete(lowest)
      })
    },
    notifyJoined(user, guild) {
      const deadline = deadlineAfter(NOTIFY_TIMEOUT_MS, runtime.clock)
      hub.request(user, 'userJoined', { user, guild }, deadline).catch((error: unknown) => {
        runtime.log.warn({ err: error, guild }, 'the sessions of a new member were not told')
      })
    },
    gatewayGone(gateway) {
      for (const actor of actors.values()) actor.gatewayGone(gateway)
    },
  }
}
