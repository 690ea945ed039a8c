import type { Clock } from '@threshold/kit'
import type { NumberedEvent, SentEvents } from '@threshold/ports'

/** Limits for one session, and for all sessions of a process together. */
export interface ResumeLimits {
  readonly maxEvents: number
  readonly maxBytes: number
  /** Milliseconds. */
  readonly maxAgeMs: number
  /** An event that several sessions keep counts for each of them. */
  readonly maxBytesOfAll: number
}

/** The sum over all buffers of a process. */
export interface BufferTotal {
  bytes: number
  buffers: number
}

interface Sized {
  readonly size: number
}

/**
 * The newest events of one session. Sessions that have the same event share its bytes. A heartbeat
 * says what the client has, so the buffer of a client that keeps up is short.
 */
export class ResumeBuffer<E extends Sized> implements SentEvents<E> {
  readonly #limits: ResumeLimits
  readonly #total: BufferTotal
  readonly #clock: Clock
  readonly #entries: (NumberedEvent<E> & { readonly at: number })[] = []
  #bytes = 0
  /** The highest number that is not kept any more. */
  #dropped = 0

  constructor(limits: ResumeLimits, total: BufferTotal, clock: Clock) {
    this.#limits = limits
    this.#total = total
    this.#clock = clock
    total.buffers += 1
  }

  add(event: E, sequence: number): void {
    if (this.#entries.length === 0) this.#dropped = sequence - 1
    const now = this.#clock.now()
    this.#entries.push({ event, sequence, at: now })
    this.#count(event.size)
    const { maxEvents, maxBytes, maxAgeMs, maxBytesOfAll } = this.#limits
    while (
      this.#entries.length > maxEvents ||
      this.#bytes > maxBytes ||
      this.#exceedsShare(maxBytesOfAll) ||
      (this.#entries[0]?.at ?? now) < now - maxAgeMs
    )
      if (!this.#dropOldest()) break
  }

  acknowledge(sequence: number): void {
    while ((this.#entries[0]?.sequence ?? Number.POSITIVE_INFINITY) <= sequence) this.#dropOldest()
    this.#dropped = Math.max(this.#dropped, sequence)
  }

  keepsAfter(sequence: number): boolean {
    return sequence >= this.#dropped
  }

  after(sequence: number): readonly NumberedEvent<E>[] | undefined {
    if (!this.keepsAfter(sequence)) return undefined
    return this.#entries.filter((entry) => entry.sequence > sequence)
  }

  all(): readonly NumberedEvent<E>[] {
    return [...this.#entries]
  }

  /** Drops everything. Nothing is added after that. */
  close(): void {
    while (this.#dropOldest());
    this.#total.buffers -= 1
  }

  /** All together hold too much, and this one more than its share. */
  #exceedsShare(maxBytesOfAll: number): boolean {
    const { bytes, buffers } = this.#total
    return bytes > maxBytesOfAll && this.#bytes > maxBytesOfAll / buffers
  }

  #dropOldest(): boolean {
    const oldest = this.#entries.shift()
    if (!oldest) return false
    this.#dropped = oldest.sequence
    this.#count(-oldest.event.size)
    return true
  }

  #count(bytes: number): void {
    this.#bytes += bytes
    this.#total.bytes += bytes
  }
}
