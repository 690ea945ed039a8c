import { CodedError, messageOf } from '@threshold/kit/errors'
import pRetry, { AbortError } from 'p-retry'

export interface ReadyOptions {
  readonly product: string
  readonly intervalMs: number
  readonly timeoutMs: number
  /** Succeeds once the engine is ready. A rejection says why it is not. */
  attempt(): Promise<unknown>
  /** Why the engine's process exited, in words; undefined while it runs. */
  exitReason(): string | undefined | Promise<string | undefined>
  /** The last lines of the engine's output. */
  tail(): string | Promise<string>
  /** Called after each failed attempt. */
  onWait?(waitedMs: number, reason: string): void
}

/**
 * Repeats `attempt` until it succeeds. Throws ENGINE_DIED if the engine exits before, and
 * ENGINE_NOT_READY after `timeoutMs`, with the last reason and the engine's last lines.
 */
export async function waitUntilReady(options: ReadyOptions): Promise<void> {
  const { product, intervalMs, timeoutMs, onWait } = options
  const start = Date.now()
  try {
    await pRetry(() => attemptOnce(options), {
      retries: Number.POSITIVE_INFINITY,
      factor: 1,
      minTimeout: intervalMs,
      maxRetryTime: timeoutMs,
      onFailedAttempt: ({ error }) => onWait?.(Date.now() - start, error.message),
    })
  } catch (error) {
    const exitReason = await options.exitReason()
    const seconds = Math.round((Date.now() - start) / 1_000)
    const [code, text] =
      exitReason === undefined
        ? ['ENGINE_NOT_READY', `did not answer within ${seconds} s: ${messageOf(error)}`]
        : ['ENGINE_DIED', `ended at start (${exitReason})`]
    const output = await options.tail()
    throw new CodedError(code, `${product} ${text}\n${output}`.trim(), {
      next: 'npx threshold doctor',
    })
  }
}

async function attemptOnce({ attempt, exitReason }: ReadyOptions): Promise<void> {
  // Checked first: another process may answer on the port of an engine that has exited.
  const reason = await exitReason()
  if (reason !== undefined) throw new AbortError(reason)
  try {
    await attempt()
  } catch (error) {
    // p-retry gives up on a TypeError. A driver's message may continue with every host's stack.
    throw new Error(messageOf(error).split('\n')[0], { cause: error })
  }
}
