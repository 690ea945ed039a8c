/**
 * A readers-writer lock for each key, within this process. Any number of `shared` calls hold a key
 * together; an `exclusive` call holds it alone. Calls are served in order of arrival, so neither
 * kind starves the other. Different keys do not wait for each other.
 */
export interface KeyedRwLock {
  /** Runs `work` while it holds the key, and settles as `work` does. */
  shared<T>(key: string, work: () => Promise<T>): Promise<T>
  exclusive<T>(key: string, work: () => Promise<T>): Promise<T>
}

interface Queue {
  /** Settles when the last exclusive holder releases the key. */
  exclusive: Promise<void>
  /** Settles when all shared holders that came after it have released the key. */
  shared: Promise<void>
  /** Holders and waiters. The queue is dropped when there are none. */
  count: number
}

export function keyedRwLock(): KeyedRwLock {
  const queues = new Map<string, Queue>()

  async function enter<T>(
    key: string,
    work: () => Promise<T>,
    join: (queue: Queue, done: Promise<void>) => Promise<unknown>,
  ): Promise<T> {
    const queue = queues.get(key) ?? {
      exclusive: Promise.resolve(),
      shared: Promise.resolve(),
      count: 0,
    }
    queues.set(key, queue)
    const { promise: done, resolve } = Promise.withResolvers<void>()
    queue.count += 1
    const turn = join(queue, done)
    try {
      await turn
      return await work()
    } finally {
      resolve()
      queue.count -= 1
      if (queue.count === 0) queues.delete(key)
    }
  }
  return {
    shared: (key, work) =>
      enter(key, work, (queue, done) => {
        // Drops the array of results, which would link to its predecessor while the key is busy.
        queue.shared = Promise.all([queue.shared, done]).then(() => {})
        return queue.exclusive
      }),
    exclusive: (key, work) =>
      enter(key, work, (queue, done) => {
        const turn = Promise.all([queue.exclusive, queue.shared])
        queue.exclusive = done
        queue.shared = Promise.resolve()
        return turn
      }),
  }
}
