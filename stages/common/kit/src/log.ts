import { type DestinationStream, type Logger, pino } from 'pino'

export type Log = Pick<Logger, 'debug' | 'info' | 'warn' | 'error' | 'child'>

/**
 * Names under which a secret could reach a log line. Pino replaces their values, at the top and one
 * level down.
 */
const SECRETS = ['token', 'authorization', 'access_token', 'secret', 'password', 'uri', 'cookie']

/**
 * JSON lines on stderr, so that stdout stays free for what a program has to say to the one who
 * started it.
 */
export function createLog(options: { level?: string; name: string; to?: DestinationStream }): Log {
  return pino(
    {
      name: options.name,
      level: options.level ?? 'info',
      redact: { paths: SECRETS.flatMap((key) => [key, `*.${key}`]), censor: '[redacted]' },
    },
    options.to ?? pino.destination({ fd: 2, sync: true }),
  )
}

/** For tests and tools that want quiet. */
export const silentLog: Log = pino({ level: 'silent' })
