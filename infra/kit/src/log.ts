import { type DestinationStream, type Logger, pino } from 'pino'

export type Log = Pick<Logger, 'debug' | 'info' | 'warn' | 'error' | 'child'>

/** Fields that could carry a secret. Pino redacts them at the top level and one level down. */
const SECRETS = ['token', 'authorization', 'access_token', 'secret', 'password', 'uri', 'cookie']

/** A log of JSON lines on stderr. stdout is left to the program's own output. */
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

/** Discards everything. Tests and tools use it. */
export const silentLog: Log = pino({ level: 'silent' })
