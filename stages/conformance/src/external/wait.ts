/** Tells its subscribers that something changed, so that they check again without polling. */
export class Signal {
  readonly #listeners = new Set<() => void>()

  notify(): void {
    for (const listener of this.#listeners) listener()
  }

  /** Returns a function that unsubscribes. */
  subscribe(listener: () => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }
}

/** Resolves when the condition becomes true; rejects with `describe()` after the timeout. */
export function waitUntil(
  signal: Signal,
  condition: () => boolean,
  timeoutMs: number,
  describe: () => string,
): Promise<void> {
  if (condition()) return Promise.resolve()
  return new Promise((resolve, reject) => {
    const unsubscribe = signal.subscribe(() => {
      if (!condition()) return
      clearTimeout(timer)
      unsubscribe()
      resolve()
    })
    const timer = setTimeout(() => {
      unsubscribe()
      reject(new Error(describe()))
    }, timeoutMs)
  })
}

const POLL_MS = 50

/**
 * Polls until the value is accepted, and returns it. It is meant for state that only a request can
 * reveal, such as a search index that lags behind a write.
 */
export async function eventually<T>(
  subject: string,
  poll: () => Promise<T>,
  accepts: (value: T) => boolean,
  timeoutMs: number,
): Promise<T> {
  const deadline = performance.now() + timeoutMs
  for (;;) {
    const value = await poll()
    if (accepts(value)) return value
    if (performance.now() > deadline)
      throw new Error(
        `${subject}, within ${timeoutMs} ms\n but got ${JSON.stringify(value)?.slice(0, 1_000)}`,
      )
    await new Promise((resolve) => setTimeout(resolve, POLL_MS))
  }
}
