import { hasCode, type Log, messageOf } from '@threshold/kit'

/** Pauses between tries while Cassandra is away, and while it answers and cannot be used. */
const PAUSE_MS = { away: 1_000, unusable: 10_000 }

export interface RetriedConnection extends AsyncDisposable {
  isConnected(): boolean
}

/**
 * Connects, and rejects as `connect` does. Where `whileAway` is given, `UNAVAILABLE` does not
 * reject: it goes on trying in the background, so a process that is restarted in an outage serves
 * what it can. Any other error in the background is logged and tried again less often, since an
 * operator may correct it, and nodes that come back may answer with passing errors.
 */
export async function connectWithRetry(
  connect: (stopped: () => boolean) => Promise<void>,
  retryLog?: Log,
): Promise<RetriedConnection> {
  let [connected, stopped] = [false, false]
  let timer: NodeJS.Timeout | undefined
  let working = Promise.resolve()

  const attempt = async (): Promise<void> => {
    await connect(() => stopped)
    connected = true
  }
  const again = async (log: Log): Promise<void> => {
    try {
      await attempt()
      log.info('Cassandra is connected')
    } catch (error) {
      if (stopped) return
      const away = hasCode(error, 'UNAVAILABLE')
      if (!away) log.error({ err: messageOf(error) }, 'Cassandra answers and cannot be used')
      retryAfter(log, away ? PAUSE_MS.away : PAUSE_MS.unusable)
    }
  }
  const retryAfter = (log: Log, ms: number): void => {
    timer = setTimeout(() => {
      working = again(log)
    }, ms)
  }

  try {
    await attempt()
  } catch (error) {
    if (!retryLog || !hasCode(error, 'UNAVAILABLE')) throw error
    const words = 'Cassandra is away, and is tried again every second'
    retryLog.warn({ err: messageOf(error) }, words)
    retryAfter(retryLog, PAUSE_MS.away)
  }
  return {
    isConnected: () => connected,
    async [Symbol.asyncDispose]() {
      stopped = true
      clearTimeout(timer)
      await working
    },
  }
}
