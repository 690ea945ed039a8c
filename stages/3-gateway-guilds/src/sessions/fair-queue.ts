/** Deliveries of one guild before the next guild has its turn. */
const SLICE = 128
/** Milliseconds of a slice. Events that are large, or compressed, take longer. */
const SLICE_MS = 2

interface Batch {
  readonly items: readonly unknown[]
  readonly work: (item: never) => void
}

interface Line {
  readonly batches: Batch[]
  /** Items of the first batch that are done. */
  done: number
  readonly settled: PromiseWithResolvers<void>
}

/**
 * Does the work of each guild in its order, and that of different guilds in turn: a message to ten
 * thousand sockets must not hold up one to ten. Little work is done at once. Between two slices
 * the event loop does everything else, such as reading heartbeats.
 */
export class FairQueue {
  /** The guilds that wait. The first one is next. */
  readonly #lines = new Map<string, Line>()
  /** The work of each guild in this turn of the event loop. */
  readonly #done = new Map<string, number>()
  readonly #onError: (error: unknown) => void
  #scheduled = false

  /** @param onError the work for one item has thrown. The others are done all the same. */
  constructor(onError: (error: unknown) => void) {
    this.#onError = onError
  }

  /** Does the work for each item, after all that was added for the guild before. */
  add<T>(guild: string, items: readonly T[], work: (item: T) => void): void {
    const line = this.#lines.get(guild)
    const done = (this.#done.get(guild) ?? 0) + items.length
    if (!line && done <= SLICE) {
      this.#done.set(guild, done)
      for (const item of items) this.#do(work, item)
    } else if (line) line.batches.push({ items, work })
    else {
      const settled = Promise.withResolvers<void>()
      this.#lines.set(guild, { batches: [{ items, work }], done: 0, settled })
    }
    this.#schedule()
  }

  /** Resolves when all that was added for the guild is done. */
  settled(guild: string): Promise<void> {
    return this.#lines.get(guild)?.settled.promise ?? Promise.resolve()
  }

  #schedule(): void {
    if (this.#scheduled) return
    this.#scheduled = true
    setImmediate(() => {
      this.#scheduled = false
      this.#done.clear()
      const [next] = this.#lines
      if (!next) return
      const [guild, line] = next
      const isDone = this.#doSlice(line)
      this.#lines.delete(guild)
      if (isDone) line.settled.resolve()
      else this.#lines.set(guild, line)
      if (this.#lines.size > 0) this.#schedule()
    })
  }

  /** True when nothing of the guild is left. */
  #doSlice(line: Line): boolean {
    const until = performance.now() + SLICE_MS
    for (let count = 0; line.batches.length > 0; count++) {
      if (count >= SLICE || performance.now() >= until) return false
      const { items, work } = line.batches[0]!
      if (line.done < items.length) this.#do(work, items[line.done] as never)
      line.done += 1
      if (line.done < items.length) continue
      line.batches.shift()
      line.done = 0
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
