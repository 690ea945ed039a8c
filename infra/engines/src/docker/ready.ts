import { setTimeout as delay } from 'node:timers/promises'
import { CodedError, messageOf } from '@threshold/kit/errors'
import { isListening } from '../process/ports.ts'
import type { OnProgress } from '../progress.ts'
import type { Container } from './container.ts'

const POLL_MS = 100
const PROGRESS_EVERY_MS = 10_000

export interface ReadyOptions {
  readonly product: string
  readonly port: number
  readonly timeoutMs: number
  readonly onProgress: OnProgress
  readonly progressEveryMs?: number
  /** Asks the database once; what it throws is why it is not ready. */
  probe(): Promise<void>
}

/**
 * Returns when the database in a container answers. Neither a log line nor an open port says that:
 * Cassandra writes its line before CQL is bound, and Docker's proxy takes connections before the
 * database does.
 */
export async function waitUntilReady(container: Container, options: ReadyOptions): Promise<void> {
  const {
    product,
    port,
    timeoutMs,
    onProgress,
    progressEveryMs: tellEveryMs = PROGRESS_EVERY_MS,
    probe: ask,
  } = options
  const from = Date.now()
  let last = `nothing listens on 127.0.0.1:${port}`
  let tellAt = from + tellEveryMs
  for (;;) {
    if (await isListening(port)) {
      try {
        return await ask()
      } catch (error) {
        // A driver's message may go on with every host's stack.
        last = messageOf(error).split('\n')[0] ?? ''
      }
    }
    const ended = await container.exitReason()
    if (ended !== undefined)
      throw await notStarted('ENGINE_DIED', `${product} ended at start (${ended})`, container)
    const now = Date.now()
    const seconds = Math.round((now - from) / 1_000)
    if (now - from > timeoutMs)
      throw await notStarted(
        'ENGINE_NOT_READY',
        `${product} did not answer within ${seconds} s: ${last}`,
        container,
      )
    if (now > tellAt) {
      onProgress({ text: `waiting for ${product} in Docker since ${seconds} s: ${last}` })
      tellAt = now + tellEveryMs
    }
    await delay(POLL_MS)
  }
}

const notStarted = async (code: string, what: string, container: Container): Promise<CodedError> =>
  new CodedError(code, `${what}\n${await container.tail()}`.trim(), {
    next: 'npx threshold doctor',
  })
