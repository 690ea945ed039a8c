import type { Availability, Engine, Preference } from '../engine.ts'
import type { LaunchWrapper } from '../process/child.ts'
import type { OnProgress } from '../progress.ts'

export type NativeKind = 'mongod' | 'memory-server' | 'secantus-rust' | 'secantus-python'

export interface StartOptions {
  readonly prefer: Preference
  readonly cacheMb: number | undefined
  readonly dataDir: string | undefined
  /** Changes how a local process is started, for instance on a disk that only it sees. */
  readonly wrap: LaunchWrapper | undefined
  readonly onProgress: OnProgress
}

export interface MongoProvider {
  readonly provider: 'external' | 'docker' | 'native'
  readonly native?: NativeKind
  readonly name: string
  /** The smallest cache that the engine accepts; undefined for no minimum. */
  readonly minCacheMb?: number
  /**
   * Installs and starts nothing. Each of its network requests has a time limit, so that a closed
   * network does not delay a start.
   */
  available(prefer: Preference): Promise<Availability>
  start(options: StartOptions): Promise<Engine>
}

/** Enough for tests and a first run on a small laptop. Labs set their own size. */
export const DEFAULT_CACHE_MB = 256

/** mongod's minimum: `storage.wiredTiger.engineConfig.cacheSizeGB` is 0.25 to 10,000. */
export const MONGOD_MIN_CACHE_MB = 256

/** The disk space of a new replica set, mostly for its journal. */
export const MONGOD_MIN_DISK_MB = 300
