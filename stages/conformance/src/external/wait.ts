/**
 * Those who wait for something to change. Woken, each looks for itself: nobody polls, nobody
 * sleeps.
 */
export class Signal {
  readonly #waiting = new Set<() => void>()

  notify(): void {
    for (const look of this.#waiting) look()
  }

  subscribe(look: () => void): () => void {
    this.#waiting.add(look)
    return () => this.#waiting.delete(look)
  }
}

/** Resolves when the condition holds; rejects with what was missed when patience ends. */
export function waitUntil(
  waiters: Signal,
  condition: () => boolean,
  patienceMs: number,
  missed: () => string,
): Promise<void> {
  if (condition()) return Promise.resolve()
  return new Promise((resolve, reject) => {
    const remove = waiters.subscribe(() => {
      if (!condition()) return
      clearTimeout(timer)
      remove()
      resolve()
    })
    const timer = setTimeout(() => {
      remove()
      reject(new Error(missed()))
    }, patienceMs)
  })
}

const EVERY_MS = 50

/**
 * For what only asking can tell, such as an index that follows a write: asks again until the answer
 * will do.
 */
export async function eventually<T>(
  what: string,
  ask: () => Promise<T>,
  good: (answer: T) => boolean,
  patienceMs: number,
): Promise<T> {
  const end = performance.now() + patienceMs
  for (;;) {
    const answer = await ask()
    if (good(answer)) return answer
    if (performance.now() > end)
      throw new Error(`${what}, at last\n but got ${JSON.stringify(answer)?.slice(0, 1_000)}`)
    await new Promise((resolve) => setTimeout(resolve, EVERY_MS))
  }
}
