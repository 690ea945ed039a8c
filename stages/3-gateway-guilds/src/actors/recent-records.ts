import type { Clock } from '@threshold/kit'
import type { LogPosition } from '@threshold/ports'
import { LRUCache } from 'lru-cache'
import { MAX_AGE_MS } from '../nats/partition-log.ts'
import { type AppliedRecord, type EventRecord, isBefore, type PartitionRecord } from './records.ts'

/** The most that one partition keeps, in bytes of the records' events. */
const MAX_BYTES = 16 * 2 ** 20
/** Commands that are kept of one guild. */
const MAX_APPLIED = 64

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
  readonly #applied = new LRUCache<string, AppliedRecord[]>({ max: 10_000, ttl: MAX_AGE_MS })

  /** @param history the records of earlier owners, oldest first */
  constructor(clock: Clock, history: readonly PartitionRecord[]) {
    this.#clock = clock
    for (const record of history)
      if (record.kind === 'event') this.add(record, JSON.stringify(record.event.data).length)
      else if (record.kind === 'applied') this.addApplied(record)
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

  addApplied(record: AppliedRecord): void {
    const applied = this.#applied.get(record.key) ?? []
    this.#applied.set(record.key, [...applied, record].slice(-MAX_APPLIED))
  }

  /** Whether a command has changed the guild after this position, unknown to the gateway. */
  missedCommand(guild: string, gateway: string, after: LogPosition): boolean {
    const applied = this.#applied.get(guild) ?? []
    return applied.some(
      ({ position, gateways }) => isBefore(after, position) && !gateways.includes(gateway),
    )
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
