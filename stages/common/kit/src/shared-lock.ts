/**
 * Work on one key: any number of `shared` at a time, or one `exclusive` alone, in the order in
 * which they came. Work on different keys does not wait. It holds within this process.
 */
export interface SharedLock {
  shared<T>(key: string, work: () => Promise<T>): Promise<T>
  exclusive<T>(key: string, work: () => Promise<T>): Promise<T>
}

interface Queue {
  /** The last exclusive work that came. */
  exclusive: Promise<void>
  /** All shared work that came after it. */
  shared: Promise<void>
  /** Work that is under way or waits. */
  count: number
}

export function sharedLock(): SharedLock {
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
    const before = join(queue, done)
    try {
      await before
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
        // No results: each would hold the one before, for as long as the key is busy.
        queue.shared = Promise.all([queue.shared, done]).then(() => {})
        return queue.exclusive
      }),
    exclusive: (key, work) =>
      enter(key, work, (queue, done) => {
        const before = Promise.all([queue.exclusive, queue.shared])
        queue.exclusive = done
        queue.shared = Promise.resolve()
        return before
      }),
  }
}
