import type { Engine, Preference } from '../engine.ts'
import type { LaunchWrapper } from '../process/child.ts'
import type { CassandraNode } from './node.ts'
import type { Collector, CommitLog } from './settings.ts'

/**
 * A Cassandra cluster that runs, of one to three nodes here. `kill`, `pause` and the like concern
 * its first node.
 */
export interface CassandraEngine extends Engine {
  readonly kind: 'cassandra'
  /** `cassandra://address[,address]:port/?dc=datacenter1`; a keyspace may stand in the path. */
  readonly uri: string
  /** Empty for an external one. */
  nodes(): readonly CassandraNode[]
  /**
   * One node more. It takes over its share of the data while the others serve; returns when it
   * serves as well.
   */
  addNode(): Promise<CassandraNode>
}

export interface StartCassandraOptions {
  readonly provider?: 'external' | 'docker' | 'native' | undefined
  /** Not an engine that we could not kill or pause: passes over `external`. */
  readonly managed?: boolean | undefined
  /** `quick` unless it is said: it does not wait for an image of a few hundred megabytes. */
  readonly prefer?: Preference | undefined
  readonly nodes?: number | undefined
  readonly heapMb?: number | undefined
  readonly collector?: Collector | undefined
  /**
   * Of the chunk cache, which holds pages of sstables. With it a local node also keeps little of
   * what was written last in memory.
   */
  readonly cacheMb?: number | undefined
  /** `batch` unless it is said: no acknowledged write is lost with a node that is killed. */
  readonly commitLog?: CommitLog | undefined
  /**
   * For a node that lives for minutes: half the CPU until it serves, and not the speed that it
   * would come to in an hour.
   */
  readonly shortLived?: boolean | undefined
  /**
   * Its own tables are not flushed at each change of a schema: quicker, for what no test will kill.
   */
  readonly unsafeSystem?: boolean | undefined
  /** Where its data lies, and how its process gets there. Local processes alone. */
  readonly disk?: { readonly dir: string; readonly wrap: LaunchWrapper } | undefined
}

/**
 * G1 works beside the node in threads of its own, which two cores of a node that has just started
 * cannot spare.
 */
export const collectorOf = ({ collector, shortLived }: StartCassandraOptions): Collector =>
  collector ?? (shortLived ? 'Serial' : 'G1')

export const MAX_NODES = 3
/** Enough for tests: a node takes 0.7 GB with it. */
export const DEFAULT_HEAP_MB = 256
