import type { Engine, EngineState, Preference } from '../engine.ts'

/**
 * A running NATS with JetStream. `kill`, `restart`, `pause` and `resume` act on its first server;
 * `stop` ends all.
 */
export interface NatsEngine extends Engine {
  readonly kind: 'nats'
  /**
   * `nats://user:password@host:port[,host:port]`, for the first of its users. It holds a secret:
   * do not print it.
   */
  readonly uri: string
  /**
   * The address for one of the users that it was started with. An external NATS has users of its
   * own, so it returns the address that it was given. Throws NO_SUCH_NATS_USER.
   */
  uriOf(user: string): string
  /** Empty for an external NATS and a container. */
  servers(): readonly NatsServer[]
}

/** A server of a cluster. */
export interface NatsServer {
  /** The name that JetStream reports for a stream's leader. */
  readonly name: string
  /** `host:port` */
  readonly address: string
  readonly pid: number | undefined
  state(): EngineState
  kill(): Promise<void>
  /**
   * Restarts it on the same data and port. Returns when it answers, and if most servers of the
   * cluster run, when it has caught up with them.
   */
  restart(): Promise<void>
  pause(): Promise<void>
  resume(): Promise<void>
  /** Ends the server for good and removes its data. */
  stop(): Promise<void>
}

/** A client that may connect, and the subjects that it may use. */
export interface NatsUser {
  readonly user: string
  readonly password: string
  /** Undefined for all subjects. Wildcards are allowed. */
  readonly publish?: readonly string[]
  readonly subscribe?: readonly string[]
  /**
   * Lets it send one reply to each request that it receives, to the request's reply subject, even
   * if it may not publish there.
   */
  readonly allowResponses?: boolean
}

export interface StartNatsOptions {
  readonly provider?: 'external' | 'docker' | 'native' | undefined
  /** Skips `external`, whose engine cannot be killed or paused. */
  readonly managed?: boolean | undefined
  /**
   * Default `quick`, which pulls no image. It still builds NATS from source if Python is missing,
   * which takes two minutes.
   */
  readonly prefer?: Preference | undefined
  /** Default 1. On 3, a stream can have three replicas. Only the native provider starts 3. */
  readonly servers?: 1 | 3 | undefined
  /** By default one user, who may use every subject, with a random password. */
  readonly users?: readonly NatsUser[] | undefined
  /** Go's soft memory limit, and the most that streams in memory may take, for each server. */
  readonly memoryMb?: number | undefined
  /** The most that streams on disk may take, for each server. */
  readonly storeMb?: number | undefined
  /**
   * Syncs each write to the disk before it is acknowledged. By default NATS syncs every two
   * minutes: acknowledged messages survive a kill of the process, but a power cut may lose those of
   * the last two minutes.
   */
  readonly syncAlways?: boolean | undefined
}

export const DEFAULT_MEMORY_MB = 256
export const DEFAULT_STORE_MB = 1_024
