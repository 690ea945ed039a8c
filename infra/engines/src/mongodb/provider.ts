import type { Availability, Engine, Preference } from '../engine.ts'
import type { LaunchWrapper } from '../process/child.ts'
import type { OnProgress } from '../progress.ts'

export type NativeKind = 'mongod' | 'memory-server' | 'secantus-rust' | 'secantus-python'

export interface StartOptions {
  readonly prefer: Preference
  readonly cacheMb: number | undefined
  readonly dataDir: string | undefined
  /** Changes how a local process is started: on a disk that it alone sees, say. */
  readonly wrap: LaunchWrapper | undefined
  readonly onProgress: OnProgress
}

export interface MongoProvider {
  readonly provider: 'external' | 'docker' | 'native'
  readonly native?: NativeKind
  readonly name: string
  /** Without it, it takes what it is given. */
  readonly minCacheMb?: number
  /** Looks, and changes nothing; answers within a few seconds also where there is no network. */
  available(prefer: Preference): Promise<Availability>
  start(options: StartOptions): Promise<Engine>
}

/**
 * Enough for tests and a first run, little enough for two cores beside an editor; labs ask for what
 * they need.
 */
export const DEFAULT_CACHE_MB = 256

/**
 * mongod takes no cache below a quarter of a gigabyte
 * (`storage.wiredTiger.engineConfig.cacheSizeGB`: 0.25 to 10,000).
 */
export const MONGOD_MIN_CACHE_MB = 256

/** A new replica set writes this much before the first document, mostly its journal. */
export const MONGOD_RUN_MB = 300

export const mebibytes = (count: number): number => count * 1024 * 1024
