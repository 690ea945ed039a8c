/**
 * Runs work of one key one after the other, in the order in which it was called. Work of different
 * keys does not wait. It holds within this process: stage 2 is one, and the
 * api processes of stage 3 do not share it.
 */
export type WithLock = <T>(key: string, work: () => Promise<T>) => Promise<T>

export function keyedMutex(): WithLock {
  const last = new Map<string, Promise<void>>()
  return async (key, work) => {
    const before = last.get(key)
    const { promise: done, resolve } = Promise.withResolvers<void>()
    last.set(key, done)
    try {
      await before
      return await work()
    } finally {
      resolve()
      if (last.get(key) === done) last.delete(key)
    }
  }
}
