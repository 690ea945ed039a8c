import { EventEmitter, once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import {
  CodedError,
  type Deadline,
  hasCode,
  isExpired,
  type Runtime,
  unavailable,
} from '@threshold/kit'
import pRetry, { AbortError } from 'p-retry'
import {
  type HubArgs,
  type HubOperations,
  type HubResult,
  hubOperations,
  hubRequest,
} from '../wire/hub.ts'
import type { Bus } from './bus.ts'
import type { Claim } from './claims.ts'
import type { Watched } from './leases.ts'
import { partitionOf } from './partitions.ts'

/** A host answers so while it hands a partition over. The request had no effect. */
export const MOVED = 'MOVED'

/** Requests to the owners of guilds and users. */
export interface HubClient {
  /**
   * Asks the owner of the partition that `id` belongs to. While the partition has no owner it asks
   * again, for no longer than the deadline. If the owner changes before it answers, the new one is
   * asked, which knows from the log what the one before has done. Rejects as the operation does.
   */
  request<K extends keyof HubOperations>(
    id: string,
    op: K,
    args: HubArgs<K>,
    deadline: Deadline,
  ): Promise<HubResult<K>>
  /** Asks the owner of a partition. */
  requestOf<K extends keyof HubOperations>(
    partition: number,
    op: K,
    args: HubArgs<K>,
    deadline: Deadline,
  ): Promise<HubResult<K>>
}

export const moved = (): CodedError => new CodedError(MOVED, 'the partition has another owner now')

const MIN_WAIT_MS = 10
const MAX_WAIT_MS = 100

/** @param isAlive whether a host has a lease. One without is not asked, since it cannot answer. */
export function createHubClient(
  bus: Bus,
  claims: Pick<Watched<Claim>, 'entries' | 'onChange'>,
  isAlive: (host: string) => boolean,
  { log }: Pick<Runtime, 'log'>,
): HubClient {
  /** By partition: its claim has changed. */
  const changes = new EventEmitter().setMaxListeners(0)
  claims.onChange((key) => changes.emit(key))

  /** Rejects with `MOVED` when the owner of the partition changes. */
  async function untilMoved<T>(partition: number, answer: Promise<T>): Promise<T> {
    const { promise: changed, reject } = Promise.withResolvers<never>()
    const onChange = (): void => reject(moved())
    changes.once(String(partition), onChange)
    try {
      return await Promise.race([answer, changed])
    } finally {
      changes.off(String(partition), onChange)
    }
  }

  /** Resolves when the owner of the partition changes, or after some time. */
  async function untilChange(partition: number, waitMs: number): Promise<void> {
    const waiting = new AbortController()
    const { signal } = waiting
    await Promise.race([
      once(changes, String(partition), { signal }),
      sleep(waitMs, undefined, { signal }),
    ]).finally(() => waiting.abort())
  }

  const requestOf: HubClient['requestOf'] = async (partition, op, args, deadline) => {
    const result = await pRetry(
      async (attempt) => {
        try {
          const host = claims.entries.get(String(partition))?.value.host
          if (host == null || !isAlive(host))
            throw new CodedError('NO_RESPONDERS', 'the partition has no owner')
          const answer = bus.request(hubRequest(partition, host), { op, args }, deadline)
          return await untilMoved(partition, answer)
        } catch (error) {
          if (!hasCode(error, 'NO_RESPONDERS', MOVED)) throw new AbortError(error as Error)
          if (isExpired(deadline)) throw new AbortError(unavailable('the guild', error))
          log.debug({ partition, op }, 'a partition has no owner at the moment')
          await untilChange(partition, Math.min(MIN_WAIT_MS * attempt, MAX_WAIT_MS))
          throw error
        }
      },
      { retries: Number.POSITIVE_INFINITY, minTimeout: 0 },
    )
    return hubOperations[op].result.parse(result) as HubResult<typeof op>
  }

  return {
    request: (id, op, args, deadline) => requestOf(partitionOf(id), op, args, deadline),
    requestOf,
  }
}
