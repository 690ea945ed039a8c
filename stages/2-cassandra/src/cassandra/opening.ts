import { hasCode, type Log, messageOf } from '@threshold/kit'

/** How often what was away at the start is tried again. */
const EVERY_MS = 1_000

export interface Opening extends AsyncDisposable {
  done(): boolean
}

/**
 * Opens; where `whileAway` is given, what is not available does not keep the process from starting: it is tried again until it
 * is there. A process that is restarted in an outage so serves what it can. Anything else that is wrong will be wrong
 * tomorrow: then it is told, and not tried again.
 */
export async function opening(open: (stopped: () => boolean) => Promise<void>, whileAway?: Log): Promise<Opening> {
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
      if (hasCode(error, 'UNAVAILABLE')) later(log)
      else log.error({ err: messageOf(error) }, 'Cassandra is there, and messages cannot be served from it')
    }
  }
  const later = (log: Log): void => {
    timer = setTimeout(() => {
      working = again(log)
    }, EVERY_MS)
  }

  try {
    await attempt()
  } catch (error) {
    if (!whileAway || !hasCode(error, 'UNAVAILABLE')) throw error
    whileAway.warn({ err: messageOf(error) }, 'messages wait for Cassandra; it is tried again each second')
    later(whileAway)
  }
  return {
    done: () => done,
    async [Symbol.asyncDispose]() {
      stopped = true
      clearTimeout(timer)
      await working
    },
  }
}
