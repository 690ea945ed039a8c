import { type QueryOptions, types } from 'cassandra-driver'

/** What a statement asks of the replicas, and whether it may be sent twice. */
export interface StatementOptions extends Pick<QueryOptions, 'consistency' | 'serialConsistency'> {
  /**
   * A write with a time of its own is: the second is the first again. A lightweight transaction is
   * not.
   */
  readonly isIdempotent: boolean
}

/**
 * Reads and writes overlap in at least one replica, so what was acknowledged is read; one of three
 * nodes may be down.
 */
const quorum: StatementOptions = {
  consistency: types.consistencies.localQuorum,
  isIdempotent: true,
}
/**
 * Paxos among the replicas of one data centre: who of many came first. Two round trips between
 * them, or four with Paxos v1, where a write has one.
 */
const serial: StatementOptions = {
  ...quorum,
  serialConsistency: types.consistencies.localSerial,
  isIdempotent: false,
}
export const CONSISTENCY = { quorum, serial } as const
