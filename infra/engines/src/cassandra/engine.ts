import type { Engine, Preference } from '../engine.ts'
import type { LaunchWrapper } from '../process/child.ts'
import type { CassandraNode } from './node.ts'
import type { Collector, CommitLog } from './settings.ts'

/** A running cluster of one to three nodes. `kill`, `pause` and the like act on its first node. */
export interface CassandraEngine extends Engine {
  readonly kind: 'cassandra'
  /** `cassandra://address[,address]:port/?dc=datacenter1`; the path may contain a keyspace. */
  readonly uri: string
  /** Empty for an external cluster and a container. */
  nodes(): readonly CassandraNode[]
  /**
   * Adds a node, which takes over its share of the data while the others serve. Returns when the
   * new node serves too.
   */
  addNode(): Promise<CassandraNode>
}

export interface StartCassandraOptions {
  readonly provider?: 'external' | 'docker' | 'native' | undefined
  /** Skips `external`, whose engine cannot be killed or paused. */
  readonly managed?: boolean | undefined
  /** Default `quick`, which does not wait for an image of a few hundred megabytes. */
  readonly prefer?: Preference | undefined
  readonly nodes?: number | undefined
  readonly heapMb?: number | undefined
  readonly collector?: Collector | undefined
  /**
   * The size of the chunk cache, which holds pages of sstables. If it is set, the memtables of a
   * local node are small too.
   */
  readonly cacheMb?: number | undefined
  /** Default `batch`, with which a killed node loses no acknowledged write. */
  readonly commitLog?: CommitLog | undefined
  /** Halves the CPU time of a start, but the node stays slower: for one that lives for minutes. */
  readonly shortLived?: boolean | undefined
  /** Does not flush system tables at schema changes: faster, for a node that no test kills. */
  readonly unsafeSystem?: boolean | undefined
  /** A separate disk for the data, and how a process reaches it. Local processes only. */
  readonly disk?: { readonly dir: string; readonly wrap: LaunchWrapper } | undefined
}

/**
 * G1 collects in concurrent threads, which compete on two cores with a node that has just started.
 */
export const collectorOf = ({ collector, shortLived }: StartCassandraOptions): Collector =>
  collector ?? (shortLived ? 'Serial' : 'G1')

export const MAX_NODES = 3
/** Enough for tests. The process then takes 0.7 GB. */
export const DEFAULT_HEAP_MB = 256
