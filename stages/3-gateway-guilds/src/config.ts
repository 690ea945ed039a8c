import { integer, parseEnvironment } from '@threshold/stage-1/environment'
import { environment as stage2, toConfig as toStage2Config } from '@threshold/stage-2/config'
import { z } from 'zod'

/** Stage 2's variables, and those of NATS. All roles take the same ones. */
const environment = stage2.extend({
  /** The user is that of the role, and may use no other role's subjects. */
  THRESHOLD_NATS_URI: z
    .string()
    .regex(/^nats:\/\/[^:@/]+:[^:@/]+@[^@/]+$/, 'must be nats://user:password@host:port'),
  /** CPU milliseconds that one turn of a guild host's event loop may take. */
  THRESHOLD_MAX_TURN_MS: integer(100, 60_000, 700),
  /** The memory of a guild host, in MiB. */
  THRESHOLD_MAX_HOST_MB: integer(128, 65_536, 1_024),
  /** Milliseconds that a session waits for its client after it has lost its socket. */
  THRESHOLD_SESSION_MS: integer(1_000, 600_000, 90_000),
  /** Sessions that a gateway starts in a second, and clients that one which stops sends away. */
  THRESHOLD_SESSIONS_PER_SECOND: integer(1, 1_000_000, 500),
  /** The file of a search index. Each search process needs its own. Default: in memory. */
  THRESHOLD_SEARCH_FILE: z.string().optional(),
  /**
   * An OpenSearch for the search index, instead of a file. The path is the prefix of the names of
   * its indexes.
   */
  THRESHOLD_OPENSEARCH_URI: z
    .string()
    .regex(/^$|^https?:\/\/[^/]+(\/[a-z\d][a-z\d_]*)?\/?$/, 'must be https://host:port/prefix')
    .default(''),
  /** Lets the process that replaces this one listen on the same port before this one ends. */
  THRESHOLD_REUSE_PORT: z.enum(['off', 'at-once', 'when-ready']).default('off'),
  /** Copies of each stream. Use 3 where there are three servers. */
  THRESHOLD_NATS_REPLICAS: z.enum(['1', '3']).default('1'),
})

export type Config = ReturnType<typeof readConfig>

export function readConfig(env: Record<string, string | undefined>) {
  const e = parseEnvironment(environment, env, 'npx threshold stage 3 sets all of it for you')
  const { username, password, host } = new URL(e.THRESHOLD_NATS_URI.replace(/,.*$/, ''))
  const others = e.THRESHOLD_NATS_URI.split(',').slice(1)
  const nats = {
    servers: [host, ...others],
    user: decodeURIComponent(username),
    password: decodeURIComponent(password),
    replicas: e.THRESHOLD_NATS_REPLICAS === '3' ? (3 as const) : (1 as const),
  }
  const watchdog = { maxTurnMs: e.THRESHOLD_MAX_TURN_MS, maxMemoryMb: e.THRESHOLD_MAX_HOST_MB }
  const inherited = toStage2Config(e)
  const reusePort = e.THRESHOLD_REUSE_PORT === 'off' ? undefined : e.THRESHOLD_REUSE_PORT
  const http = { ...inherited.http, reusePort }
  const gateway = { ...inherited.gateway, sessionsPerSecond: e.THRESHOLD_SESSIONS_PER_SECOND }
  const { THRESHOLD_SESSION_MS: sessionMs } = e
  const searchFile = e.THRESHOLD_SEARCH_FILE || undefined
  const openSearchUri = e.THRESHOLD_OPENSEARCH_URI || undefined
  const search = { searchFile, openSearchUri }
  return { ...inherited, ...search, http, gateway, nats, watchdog, sessionMs }
}
