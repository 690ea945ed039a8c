import type { Clock } from '@threshold/kit'
import { MAX_AGE_MS } from '../nats/partition-log.ts'
import type { EventRecord, PartitionRecord } from './records.ts'

/** The most that one partition keeps, in bytes of the records' events. */
const MAX_BYTES = 16 * 2 ** 20

/**
 * The records of a partition that sessions may still have to be sent, for as long as the log has
 * them and within a limit of bytes.
 */
export class RecentRecords {
  readonly #clock: Clock
  readonly #byKey = new Map<string, EventRecord[]>()
  /** All records, oldest first. Each is the first one of its key when its turn comes. */
  readonly #queue: { readonly key: string; readonly bytes: number; readonly until: number }[] = []
  #bytes = 0

  /** @param history the records of earlier owners, oldest first */
  constructor(clock: Clock, history: readonly PartitionRecord[]) {
    this.#clock = clock
    for (const record of history)
      if (record.kind === 'event') this.add(record, JSON.stringify(record.event.data).length)
  }

  /** Oldest first. */
  of(key: string): readonly EventRecord[] {
    return this.#byKey.get(key) ?? []
  }

  add(record: EventRecord, bytes: number): void {
    const { key } = record
    const records = this.#byKey.get(key)
    if (records) records.push(record)
    else this.#byKey.set(key, [record])
    const now = this.#clock.now()
    this.#queue.push({ key, bytes, until: now + MAX_AGE_MS })
    this.#bytes += bytes
    this.#prune(now)
  }

  #prune(now: number): void {
    let count = 0
    for (const { key, bytes, until } of this.#queue) {
      if (until > now && this.#bytes <= MAX_BYTES) break
      const records = this.#byKey.get(key)!
      records.shift()
      if (records.length === 0) this.#byKey.delete(key)
      this.#bytes -= bytes
      count += 1
    }
    if (count > 0) this.#queue.splice(0, count)
  }
}
