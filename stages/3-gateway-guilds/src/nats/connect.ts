import {
  type JetStreamClient,
  type JetStreamManager,
  jetstream,
  jetstreamManager,
} from '@nats-io/jetstream'
import { type KV, Kvm } from '@nats-io/kv'
import { connect, type NatsConnection, TimeoutError } from '@nats-io/transport-node'
import { messageOf, type ReadinessCheck, type Runtime } from '@threshold/kit'
import pRetry from 'p-retry'
import { type Bus, createBus, type WireVersions } from './bus.ts'

export interface NatsConfig {
  /** Each is `host:port`. */
  readonly servers: readonly string[]
  readonly user: string
  readonly password: string
  /** Copies of each stream: 3 on a cluster of three servers, otherwise 1. */
  readonly replicas: 1 | 3
}

/** The connection of one process to NATS, and the parts of JetStream that use it. */
export interface Nats extends AsyncDisposable {
  readonly connection: NatsConnection
  readonly bus: Bus
  readonly jetStream: JetStreamClient
  readonly manager: JetStreamManager
  readonly replicas: 1 | 3
  /** Opens a bucket, and creates it if there is none. `ttlMs`: when a key ends. Default: never. */
  bucket(name: string, options?: { readonly ttlMs?: number }): Promise<KV>
  readonly readiness: ReadinessCheck
  /** Calls back each time that the connection is back. */
  onReconnect(callback: () => void): void
}

/** Time limit of one request to JetStream, in milliseconds. The client's own is five seconds. */
export const JETSTREAM_TIMEOUT_MS = 1_000
const RECONNECT_WAIT_MS = 100
const PING_INTERVAL_MS = 2_000
/** How long a bucket keeps the note that a key has ended, for watchers. The server's minimum. */
const MARKER_TTL_MS = 1_000

/** Tries more than the first for each stream and bucket, when a process starts. */
const SETUP_RETRIES = 20

/** Repeats a request that does no harm twice, such as to create a stream, until it is answered. */
export const untilAnswered = <T>(request: () => Promise<T>): Promise<T> =>
  pRetry(request, {
    retries: SETUP_RETRIES,
    minTimeout: 0,
    shouldRetry: ({ error }) => error instanceof TimeoutError,
  })

/**
 * Connects, and reconnects for as long as the process lives. While NATS is away, requests fail by
 * their own deadlines, and the process serves on when it is back.
 */
export async function connectNats(
  { servers, user, password, replicas }: NatsConfig,
  name: string,
  runtime: Pick<Runtime, 'log' | 'telemetry' | 'clock'>,
  versions?: WireVersions,
): Promise<Nats> {
  const { log } = runtime
  const connection = await connect({
    servers: [...servers],
    user,
    pass: password,
    inboxPrefix: `_INBOX.${user}`,
    name,
    maxReconnectAttempts: -1,
    reconnectTimeWait: RECONNECT_WAIT_MS,
    reconnectJitter: RECONNECT_WAIT_MS,
    pingInterval: PING_INTERVAL_MS,
  })
  const options = { timeout: JETSTREAM_TIMEOUT_MS }
  const manager = await untilAnswered(() => jetstreamManager(connection, options))
  const buckets = new Kvm(jetstream(connection, options))
  let connected = true
  const reconnected: (() => void)[] = []
  void (async () => {
    for await (const status of connection.status()) {
      if (status.type === 'disconnect') {
        connected = false
        log.warn({ server: status.server }, 'NATS is away')
      } else if (status.type === 'reconnect') {
        connected = true
        log.info({ server: status.server }, 'NATS is back')
        for (const callback of reconnected) callback()
      } else if (status.type === 'error') {
        log.warn({ err: messageOf(status.error) }, 'NATS')
      }
    }
  })()

  return {
    connection,
    bus: createBus(connection, runtime, versions),
    jetStream: jetstream(connection, options),
    manager,
    replicas,
    bucket: (bucket, { ttlMs } = {}) =>
      untilAnswered(() =>
        buckets.create(bucket, {
          replicas,
          history: 1,
          timeout: JETSTREAM_TIMEOUT_MS,
          ...(ttlMs === undefined ? {} : { ttl: ttlMs, markerTTL: MARKER_TTL_MS }),
        }),
      ),
    readiness: { name: 'NATS', reason: () => (connected ? undefined : 'not connected') },
    onReconnect: (callback) => void reconnected.push(callback),
    async [Symbol.asyncDispose]() {
      await connection.close()
    },
  }
}
