import { hasCode, type Log, messageOf } from '@threshold/kit'

/** How often what was away at the start is tried again. */
const EVERY_MS = 1_000

export interface Opening extends Disposable {
  done(): boolean
}

/**
 * Opens; where `whileAway` is given, what is not available does not keep the process from starting: it is tried again until it
 * is there, and told of when the reason changes. A process that is restarted in an outage so serves what it can.
 */
export async function opening(open: () => Promise<void>, whileAway?: Log): Promise<Opening> {
  let done = false
  let stopped = false
  let timer: NodeJS.Timeout | undefined
  let told = ''

  const again = async (log: Log): Promise<void> => {
    try {
      await open()
      done = true
      log.info('Cassandra is there')
    } catch (error) {
      if (!stopped) later(log, error)
    }
  }
  const later = (log: Log, error: unknown): void => {
    const why = messageOf(error)
    if (why !== told) log.warn({ err: why }, 'messages wait for Cassandra; it is tried again each second')
    told = why
    timer = setTimeout(again, EVERY_MS, log)
  }

  try {
    await open()
    done = true
  } catch (error) {
    if (!whileAway || !hasCode(error, 'UNAVAILABLE')) throw error
    later(whileAway, error)
  }
  return {
    done: () => done,
    [Symbol.dispose]() {
      stopped = true
      clearTimeout(timer)
    },
  }
}
