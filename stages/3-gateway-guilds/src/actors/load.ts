import type { Timers } from '@threshold/kit'

/** The share of the partitions that a host takes: see `leaseSchema`. */
export interface Share {
  readonly weight: number
  readonly pinned: readonly number[]
}

export const WHOLE_SHARE: Share = { weight: 1, pinned: [] }

/** The work of a host in one window of time. */
export interface Load {
  /** How much of the time its event loop was busy, from 0 to 1. */
  readonly utilization: number
  /** Deliveries to sessions, by partition. */
  readonly deliveries: ReadonlyMap<number, number>
}

const BUSY = 0.8
const CALM = 0.4
/** A partition with this share of all deliveries is hot. */
const HOT = 0.5
/** Leaves the host about one partition of sixteen besides the hot one. */
const REDUCED_WEIGHT = 1 / 16

/**
 * A busy host with one hot partition keeps that one and gives most of the others away: moving a hot
 * guild would make the next host busy, and its neighbours are the ones that wait. It takes its
 * whole share again once it is calm. The distance between the two limits keeps it from alternating.
 */
export function shareFor({ utilization, deliveries }: Load, current: Share): Share {
  if (utilization < CALM) return WHOLE_SHARE
  if (utilization < BUSY || current.pinned.length > 0) return current
  const total = [...deliveries.values()].reduce((sum, count) => sum + count, 0)
  const [hottest] = [...deliveries].toSorted(([, a], [, b]) => b - a)
  return hottest && hottest[1] >= total * HOT
    ? { weight: REDUCED_WEIGHT, pinned: [hottest[0]] }
    : current
}

/** How often the load of a host is looked at. */
const REVIEW_EVERY_MS = 2_000

export interface LoadMeter extends Disposable {
  /** An event of this partition is delivered to so many sessions. */
  count(partition: number, sessions: number): void
}

/** Measures the load of this host, and calls `onShare` when its share changes. */
export function startLoadMeter(
  timers: Timers,
  onShare: (share: Share) => void,
  utilization: () => number = eventLoopUtilization(),
): LoadMeter {
  const deliveries = new Map<number, number>()
  let share = WHOLE_SHARE
  let cancel = (): void => {}
  function review(): void {
    const next = shareFor({ utilization: utilization(), deliveries }, share)
    if (next !== share) onShare(next)
    share = next
    deliveries.clear()
    cancel = timers.after(REVIEW_EVERY_MS, review)
  }
  review()
  return {
    count: (partition, sessions) =>
      void deliveries.set(partition, (deliveries.get(partition) ?? 0) + sessions),
    [Symbol.dispose]: () => cancel(),
  }
}

/** The share of the time since the last call in which the event loop of this process was busy. */
function eventLoopUtilization(): () => number {
  let last = performance.eventLoopUtilization()
  return () => {
    const now = performance.eventLoopUtilization()
    const { utilization } = performance.eventLoopUtilization(now, last)
    last = now
    return utilization
  }
}
