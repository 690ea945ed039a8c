import { type Deadline, hasCode, isExpired, type Runtime, unavailable } from '@threshold/kit'
import pRetry, { AbortError } from 'p-retry'
import {
  type HubArgs,
  type HubOperations,
  type HubResult,
  hubOperations,
  hubRequest,
} from '../wire/hub.ts'
import type { Bus } from './bus.ts'
import { partitionOf } from './partitions.ts'

/** A host answers so while it hands a partition over. The request had no effect. */
export const MOVED = 'MOVED'

/** Requests to the owners of guilds and users. */
export interface HubClient {
  /**
   * Asks the owner of the partition that `id` belongs to. While the partition has no owner it asks
   * again, for no longer than the deadline. Rejects as the operation does.
   */
  request<K extends keyof HubOperations>(
    id: string,
    op: K,
    args: HubArgs<K>,
    deadline: Deadline,
  ): Promise<HubResult<K>>
}

const MIN_WAIT_MS = 10
const MAX_WAIT_MS = 100

export function createHubClient(bus: Bus, { log }: Pick<Runtime, 'log'>): HubClient {
  return {
    async request(id, op, args, deadline) {
      const partition = partitionOf(id)
      const request = hubRequest(partition)
      const result = await pRetry(
        async () => {
          try {
            return await bus.request(request, { op, args }, deadline)
          } catch (error) {
            if (!hasCode(error, 'NO_RESPONDERS', MOVED)) throw new AbortError(error as Error)
            if (isExpired(deadline)) throw new AbortError(unavailable('the guild', error))
            log.debug({ partition, op }, 'a partition has no owner at the moment')
            throw error
          }
        },
        { retries: Number.POSITIVE_INFINITY, minTimeout: MIN_WAIT_MS, maxTimeout: MAX_WAIT_MS },
      )
      return hubOperations[op].result.parse(result) as HubResult<typeof op>
    },
  }
}
