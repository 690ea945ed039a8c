import { createHash } from 'node:crypto'
import { PARTITIONS } from './partitions.ts'

/** A host as the others know it, by its lease. */
export interface HostShare {
  readonly id: string
  /**
   * Its share of the partitions, relative to the others. 0: it takes none, such as when it drains.
   */
  readonly weight: number
  /** Partitions that it keeps whatever its weight, such as one with a very busy guild. */
  readonly pinned: readonly number[]
}

/**
 * Computes the owner that each partition should have. All hosts compute it from the same leases and
 * so agree, and where two do not for a moment, the claim's compare-and-set decides. Undefined: no
 * host has a weight.
 *
 * It is weighted rendezvous hashing (Schindelhauer and Schomaker, "Weighted Distributed Hash
 * Tables", 2005): a host that joins or leaves moves only the partitions that it gains or loses.
 */
export function desiredOwners(hosts: readonly HostShare[]): (string | undefined)[] {
  const byId = hosts.toSorted((a, b) => (a.id < b.id ? -1 : 1))
  return Array.from({ length: PARTITIONS }, (_, partition) => {
    const pinning = byId.find(({ pinned }) => pinned.includes(partition))
    if (pinning) return pinning.id
    let best: string | undefined
    let bestScore = 0
    for (const { id, weight } of byId) {
      const score = weight / -Math.log(uniform(`${id} ${partition}`))
      if (weight > 0 && score > bestScore) [best, bestScore] = [id, score]
    }
    return best
  })
}

/** A number between 0 and 1 that depends on the text alone. */
const uniform = (text: string): number =>
  (createHash('sha256').update(text).digest().readUInt32BE() + 0.5) / 2 ** 32
