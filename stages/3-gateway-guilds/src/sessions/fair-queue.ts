/** Deliveries of one guild before the next guild has its turn. */
const SLICE = 128
/** Milliseconds of a slice. Events that are large, or compressed, take longer. */
const SLICE_MS = 2

interface Batch {
  readonly items: readonly unknown[]
  readonly work: (item: never) => void
}

interface GuildQueue {
  readonly batches: Batch[]
  /** Items of the first batch whose work is done. */
  processed: number
}

/**
 * Does the work of each guild in its order, and that of different guilds in turn: a message to ten
 * thousand sockets must not hold up one to ten. Little work is done at once. Between two slices
 * the event loop does everything else, such as reading heartbeats.
 */
export class FairQueue {
  /** The guilds that wait. The first one is next. */
  readonly #queues = new Map<string, GuildQueue>()
  /** Items of each guild whose work was done in this turn of the event loop. */
  readonly #doneNow = new Map<string, number>()
  readonly #onError: (error: unknown) => void
  #scheduled = false

  /** @param onError the work for one item has thrown. The others are done all the same. */
  constructor(onError: (error: unknown) => void) {
    this.#onError = onError
  }

  /** Does the work for each item, after all that was added for the guild before. */
  add<T>(guild: string, items: readonly T[], work: (item: T) => void): void {
    const queue = this.#queues.get(guild)
    const done = (this.#doneNow.get(guild) ?? 0) + items.length
    if (!queue && done <= SLICE) {
      this.#doneNow.set(guild, done)
      for (const item of items) this.#do(work, item)
    } else if (queue) queue.batches.push({ items, work })
    else this.#queues.set(guild, { batches: [{ items, work }], processed: 0 })
    this.#schedule()
  }

  /** Resolves when all that was added for the guild so far is done. */
  settled(guild: string): Promise<void> {
    if (!this.#queues.has(guild)) return Promise.resolve()
    return new Promise((resolve) => this.add(guild, [resolve], (done) => done()))
  }

  #schedule(): void {
    if (this.#scheduled) return
    this.#scheduled = true
    setImmediate(() => {
      this.#scheduled = false
      this.#doneNow.clear()
      const [next] = this.#queues
      if (!next) return
      const [guild, queue] = next
      const isDone = this.#doSlice(queue)
      this.#queues.delete(guild)
      if (!isDone) this.#queues.set(guild, queue)
      if (this.#queues.size > 0) this.#schedule()
    })
  }

  /** True when nothing of the guild is left. */
  #doSlice(queue: GuildQueue): boolean {
    const until = performance.now() + SLICE_MS
    for (let count = 0; queue.batches.length > 0; count++) {
      if (count >= SLICE || performance.now() >= until) return false
      const { items, work } = queue.batches[0]!
      if (queue.processed < items.length) this.#do(work, items[queue.processed] as never)
      queue.processed += 1
      if (queue.processed < items.length) continue
      queue.batches.shift()
      queue.processed = 0
    }
    return true
  }

  #do<T>(work: (item: T) => void, item: T): void {
    try {
      work(item)
    } catch (error) {
      this.#onError(error)
    }
  }
}
