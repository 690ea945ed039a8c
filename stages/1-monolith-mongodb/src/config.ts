import { CodedError } from '@threshold/kit'
import { z } from 'zod'
import { GATEWAY_LIMITS } from './gateway/index.ts'
import { listenConfig, listenEnvironment } from './http/index.ts'

export const integer = (least: number, most: number, otherwise: number) =>
  z.coerce.number().int().min(least).max(most).default(otherwise)
const port = integer(0, 65_535, 0)

/**
 * Everything that can be set from outside. Secure by default: loopback alone, and nobody makes
 * users.
 */
export const environment = z.object({
  ...listenEnvironment,
  /** With the database's name in it. */
  THRESHOLD_MONGODB_URI: z
    .string()
    .regex(/^mongodb(\+srv)?:\/\/[^/]+\/[^?]+/, 'must name a host and a database'),
  THRESHOLD_TOKEN_SECRET: z.string().min(16),
  THRESHOLD_WORKER: integer(0, 1_023, 0),
  THRESHOLD_HEARTBEAT_MS: integer(100, 600_000, 41_250),
  THRESHOLD_PROVISIONING: z.enum(['on', 'off']).default('off'),
  /** Milliseconds a request may take; what a session reads at its start may take twice that. */
  THRESHOLD_BUDGET_MS: integer(100, 60_000, 5_000),
  THRESHOLD_RATE_REQUESTS: integer(1, 1_000_000, 5_000),
  THRESHOLD_RATE_SECONDS: integer(1, 3_600, 5),
  THRESHOLD_NOTIFICATIONS_URL: z.url({ protocol: /^https?$/ }).optional(),
  THRESHOLD_NOTIFICATIONS_BACKOFF_MS: integer(1, 60_000, 1_000),
  THRESHOLD_VOICE_PORT: port,
  THRESHOLD_LOG_LEVEL: z.enum(['debug', 'info', 'warn', 'error', 'silent']).default('info'),
  THRESHOLD_OTLP_URL: z.url().optional(),
})

export type Config = ReturnType<typeof toConfig>

export const readConfig = (env: Record<string, string | undefined>): Config =>
  toConfig(parseEnvironment(environment, env, 'npx threshold stage 1 sets all of it for you'))

/**
 * Rejects with `BAD_CONFIG`, which names each variable that is wrong. An empty variable counts as
 * not set.
 */
export function parseEnvironment<T extends z.ZodType>(
  schema: T,
  env: Record<string, string | undefined>,
  next: string,
): z.output<T> {
  const read = schema.safeParse(
    Object.fromEntries(Object.entries(env).filter(([, value]) => value !== '')),
  )
  if (read.success) return read.data
  const wrong = read.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`)
  throw new CodedError('BAD_CONFIG', wrong.join('; '), { next })
}

export function toConfig(e: z.output<typeof environment>) {
  const listen = listenConfig(e)
  return {
    http: listen.http,
    mongodb: { uri: e.THRESHOLD_MONGODB_URI },
    tokenSecret: e.THRESHOLD_TOKEN_SECRET,
    worker: e.THRESHOLD_WORKER,
    rest: {
      provisioning: e.THRESHOLD_PROVISIONING === 'on',
      limits: { requests: e.THRESHOLD_RATE_REQUESTS, seconds: e.THRESHOLD_RATE_SECONDS },
      budgetMs: e.THRESHOLD_BUDGET_MS,
    },
    gateway: {
      heartbeatMs: e.THRESHOLD_HEARTBEAT_MS,
      maxConnections: e.THRESHOLD_MAX_CONNECTIONS,
      budgetMs: 2 * e.THRESHOLD_BUDGET_MS,
      limits: GATEWAY_LIMITS,
    },
    notifications: {
      url: e.THRESHOLD_NOTIFICATIONS_URL,
      attempts: 10,
      backoffMs: e.THRESHOLD_NOTIFICATIONS_BACKOFF_MS,
      pollMs: 500,
    },
    voice: { ...listen.voice, port: e.THRESHOLD_VOICE_PORT, heartbeatMs: 13_750 },
    voiceRelay: listen.voiceRelay,
    log: { level: e.THRESHOLD_LOG_LEVEL },
    otlpUrl: e.THRESHOLD_OTLP_URL,
  }
}
