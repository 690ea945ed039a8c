import { z } from 'zod'
import { GATEWAY_LIMITS } from './gateway/index.ts'
import { listenConfig, listenEnvironment } from './http/index.ts'
import { integer, parseEnvironment } from './process/environment.ts'

/** Secure by default: the stage listens on loopback, and only an operator makes users. */
export const environment = z.object({
  ...listenEnvironment,
  /** The path names the database. */
  THRESHOLD_MONGODB_URI: z
    .string()
    .regex(/^mongodb(\+srv)?:\/\/[^/]+\/[^?]+/, 'must name a host and a database'),
  THRESHOLD_TOKEN_SECRET: z.string().min(16),
  THRESHOLD_WORKER: integer(0, 1_023, 0),
  THRESHOLD_HEARTBEAT_MS: integer(100, 600_000, 41_250),
  /** `plain` writes each frame by itself. See `gateway/transport.ts`. */
  THRESHOLD_GATEWAY_TRANSPORT: z.enum(['batched', 'plain']).default('batched'),
  THRESHOLD_PROVISIONING: z.enum(['on', 'off']).default('off'),
  /** Milliseconds a request may take. The reads at the start of a session may take twice that. */
  THRESHOLD_BUDGET_MS: integer(100, 60_000, 5_000),
  THRESHOLD_RATE_REQUESTS: integer(1, 1_000_000, 5_000),
  THRESHOLD_RATE_SECONDS: integer(1, 3_600, 5),
  THRESHOLD_NOTIFICATIONS_URL: z.url({ protocol: /^https?$/ }).optional(),
  THRESHOLD_NOTIFICATIONS_BACKOFF_MS: integer(1, 60_000, 1_000),
  THRESHOLD_VOICE_PORT: integer(0, 65_535, 0),
  THRESHOLD_LOG_LEVEL: z.enum(['debug', 'info', 'warn', 'error', 'silent']).default('info'),
  THRESHOLD_OTLP_URL: z.url().optional(),
})

export type Config = ReturnType<typeof toConfig>

export const readConfig = (env: Record<string, string | undefined>): Config =>
  toConfig(parseEnvironment(environment, env, 'npx threshold stage 1 sets all of it for you'))

export function toConfig(env: z.output<typeof environment>) {
  const listen = listenConfig(env)
  const provisioning = env.THRESHOLD_PROVISIONING === 'on'
  return {
    http: { ...listen.http, profiling: provisioning },
    mongodb: { uri: env.THRESHOLD_MONGODB_URI },
    tokenSecret: env.THRESHOLD_TOKEN_SECRET,
    worker: env.THRESHOLD_WORKER,
    rest: {
      provisioning,
      limits: { requests: env.THRESHOLD_RATE_REQUESTS, seconds: env.THRESHOLD_RATE_SECONDS },
      budgetMs: env.THRESHOLD_BUDGET_MS,
    },
    gateway: {
      heartbeatMs: env.THRESHOLD_HEARTBEAT_MS,
      maxConnections: env.THRESHOLD_MAX_CONNECTIONS,
      budgetMs: 2 * env.THRESHOLD_BUDGET_MS,
      limits: GATEWAY_LIMITS,
      transport: env.THRESHOLD_GATEWAY_TRANSPORT,
    },
    notifications: {
      url: env.THRESHOLD_NOTIFICATIONS_URL,
      attempts: 10,
      backoffMs: env.THRESHOLD_NOTIFICATIONS_BACKOFF_MS,
      pollMs: 500,
    },
    voice: { ...listen.voice, port: env.THRESHOLD_VOICE_PORT, heartbeatMs: 13_750 },
    voiceRelay: listen.voiceRelay,
    log: { level: env.THRESHOLD_LOG_LEVEL },
    otlpUrl: env.THRESHOLD_OTLP_URL,
  }
}
