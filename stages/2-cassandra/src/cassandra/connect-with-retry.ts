import { hasCode, type Log, messageOf } from '@threshold/kit'

/** Pauses between tries while Cassandra does not answer, and while it answers with an error. */
const PAUSE_MS = { unavailable: 1_000, unusable: 10_000 }

export interface RetriedConnection extends AsyncDisposable {
  isConnected(): boolean
}

/**
 * Connects, and rejects as `connect` does. If `retryLog` is given, it does not reject with
 * `UNAVAILABLE`: it tries again in the background, so that a process that is restarted in an outage
 * serves what it can. After any other error in the background, it logs the error and tries again
 * less often: an operator may correct the cause, and nodes that come back may fail for a moment.
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
      const unavailable = hasCode(error, 'UNAVAILABLE')
      if (!unavailable) log.error({ err: messageOf(error) }, 'Cassandra answers and cannot be used')
      retryAfter(log, unavailable ? PAUSE_MS.unavailable : PAUSE_MS.unusable)
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
    const message = 'Cassandra does not answer; the stage tries again every second'
    retryLog.warn({ err: messageOf(error) }, message)
    retryAfter(retryLog, PAUSE_MS.unavailable)
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
