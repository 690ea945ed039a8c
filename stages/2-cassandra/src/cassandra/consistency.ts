import { type QueryOptions, types } from 'cassandra-driver'

/** How many replicas a statement needs, and whether the driver may send it twice. */
export interface StatementOptions extends Pick<QueryOptions, 'consistency' | 'serialConsistency'> {
  /**
   * True for a read, and for a write that carries its own time: repeating it changes nothing. False
   * for a lightweight transaction.
   */
  readonly isIdempotent: boolean
}

/**
 * Reads and writes overlap in at least one replica, so acknowledged writes are read. One of three
 * nodes may be down.
 */
const quorum: StatementOptions = {
  consistency: types.consistencies.localQuorum,
  isIdempotent: true,
}
/**
 * Paxos among the replicas of one data centre decides which of several writers came first. It takes
 * two round trips between them, or four with Paxos v1, where a plain write takes one.
 */
const serial: StatementOptions = {
  ...quorum,
  serialConsistency: types.consistencies.localSerial,
  isIdempotent: false,
}
export const CONSISTENCY = { quorum, serial } as const
