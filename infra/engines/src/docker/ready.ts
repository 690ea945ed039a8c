import { isListening, LOOPBACK } from '../process/ports.ts'
import type { OnProgress } from '../progress.ts'
import { waitUntilReady } from '../ready.ts'
import type { Container } from './container.ts'

const POLL_MS = 100
const PROGRESS_EVERY_MS = 10_000

export interface ContainerReadyOptions {
  readonly product: string
  readonly port: number
  readonly timeoutMs: number
  readonly onProgress: OnProgress
  readonly progressEveryMs?: number
  /** Sends one request to the database. A rejection says why it is not ready. */
  probe(): Promise<void>
}

/**
 * Returns when the database in a container answers. A log line or an open port is no proof:
 * Cassandra logs that it is ready before it binds the CQL port, and Docker's proxy accepts
 * connections before the database does.
 */
export async function waitForContainer(
  container: Container,
  options: ContainerReadyOptions,
): Promise<void> {
  const { product, port, timeoutMs, onProgress, probe } = options
  const { progressEveryMs = PROGRESS_EVERY_MS } = options
  let progressAt = progressEveryMs
  await waitUntilReady({
    product,
    intervalMs: POLL_MS,
    timeoutMs,
    exitReason: () => container.exitReason(),
    tail: () => container.tail(),
    async attempt() {
      if (!(await isListening(port))) throw new Error(`nothing listens on ${LOOPBACK}:${port}`)
      await probe()
    },
    onWait(waitedMs, reason) {
      if (waitedMs <= progressAt) return
      progressAt = waitedMs + progressEveryMs
      const seconds = Math.round(waitedMs / 1_000)
      onProgress({ text: `waiting for ${product} in Docker for ${seconds} s: ${reason}` })
    },
  })
}
