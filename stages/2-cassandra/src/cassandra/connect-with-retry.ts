import { hasCode, type Log, messageOf } from '@threshold/kit'

/** How often what was away at the start is tried again, and what came back as something else. */
const EVERY_MS = { away: 1_000, wrong: 10_000 }

export interface RetriedConnection extends AsyncDisposable {
  isConnected(): boolean
}

/**
 * Opens; where `whileAway` is given, what is not available does not keep the process from starting:
 * it is tried again until it is there. A process that is restarted in an outage so serves what it
 * can. What is wrong in another way is told as an error, and tried again more seldom: somebody may
 * mend it, and nodes that come back have been heard to say odd things.
 */
export async function connectWithRetry(
  open: (stopped: () => boolean) => Promise<void>,
  whileAway?: Log,
): Promise<RetriedConnection> {
  let [done, stopped] = [false, false]
  let timer: NodeJS.Timeout | undefined
  let working = Promise.resolve()

  const attempt = async (): Promise<void> => {
    await open(() => stopped)
    done = true
  }
  const again = async (log: Log): Promise<void> => {
    try {
      await attempt()
      log.info('Cassandra is there')
    } catch (error) {
      if (stopped) return
      const away = hasCode(error, 'UNAVAILABLE')
      if (!away)
        log.error(
          { err: messageOf(error) },
          'Cassandra is there, and messages cannot be served from it',
        )
      later(log, away ? EVERY_MS.away : EVERY_MS.wrong)
    }
  }
  const later = (log: Log, ms: number): void => {
    timer = setTimeout(() => {
      working = again(log)
    }, ms)
  }

  try {
    await attempt()
  } catch (error) {
    if (!whileAway || !hasCode(error, 'UNAVAILABLE')) throw error
    whileAway.warn(
      { err: messageOf(error) },
      'messages wait for Cassandra; it is tried again each second',
    )
    later(whileAway, EVERY_MS.away)
  }
  return {
    isConnected: () => done,
    async [Symbol.asyncDispose]() {
      stopped = true
      clearTimeout(timer)
      await working
    },
  }
}
