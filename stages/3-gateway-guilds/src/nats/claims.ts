import { JetStreamApiError } from '@nats-io/jetstream'
import type { KV } from '@nats-io/kv'
import { encodeJson, unavailable } from '@threshold/kit'
import { z } from 'zod'
import type { Nats } from './connect.ts'

export const claimSchema = z.object({
  v: z.literal(1),
  /** The host that owns the partition. Null: its last owner has released it. */
  host: z.string().nullable(),
})
export type Claim = z.output<typeof claimSchema>

const WRONG_REVISION = 10_071

/**
 * The owners of all partitions. The revision of a claim is the epoch of its owner: it grows with
 * every change of an owner, and two owners never share one.
 */
export interface Claims {
  /**
   * Claims a partition that `expected` (the revision that the caller has seen, 0 for none) says is
   * free. Resolves to the epoch, or undefined if another host was faster.
   */
  claim(partition: number, host: string, expected: number): Promise<number | undefined>
  /** Gives a partition up. Has no effect if the epoch is over. */
  release(partition: number, epoch: number): Promise<void>
}

/**
 * The bucket of claims. It has no TTL: a claim outlives its host, whose lease says that it is gone.
 */
export const claimBucket = (nats: Nats): Promise<KV> => nats.bucket('claims')

export const createClaims = (bucket: KV): Claims => ({
  async claim(partition, host, expected) {
    try {
      const value = encodeJson({ v: 1, host } satisfies Claim)
      return await bucket.put(String(partition), value, { previousSeq: expected })
    } catch (error) {
      if (isWrongRevision(error)) return undefined
      throw unavailable('NATS', error)
    }
  },
  async release(partition, epoch) {
    try {
      const value = encodeJson({ v: 1, host: null } satisfies Claim)
      await bucket.put(String(partition), value, { previousSeq: epoch })
    } catch (error) {
      if (!isWrongRevision(error)) throw unavailable('NATS', error)
    }
  },
})

const isWrongRevision = (error: unknown): boolean =>
  error instanceof JetStreamApiError && error.code === WRONG_REVISION
