import { type Clock, CodedError } from '@threshold/kit'
import { LRUCache } from 'lru-cache'
import type { HubArgs, HubOperations } from '../wire/hub.ts'

/** Requests to one guild that are accepted and not yet answered. */
const MAX_REQUESTS = 1_024
const RETRY_AFTER_MS = 1_000
/** A guild that is busy still accepts the news of gateways about their sessions. */
const UNBOUNDED: ReadonlySet<keyof HubOperations> = new Set([
  'attach',
  'attached',
  'detach',
  'setPresence',
])
/** Clients name at most a few people who are typing, so more events would show nothing. */
const MAX_TYPING = 5
const TYPING_WINDOW_MS = 1_000

/** Bounds the requests that wait in each guild of a partition, and the typing in each channel. */
export class Mailboxes {
  readonly #waiting = new Map<string, number>()
  readonly #typing: LRUCache<string, number>

  constructor(clock: Clock) {
    const ttl = TYPING_WINDOW_MS
    this.#typing = new LRUCache({ max: 10_000, ttl, ttlResolution: 0, perf: clock })
  }

  /**
   * Dispose of the result when the request is answered. Throws `UNAVAILABLE` if it is one too many.
   */
  enter(guild: string, op: keyof HubOperations): Disposable {
    const waiting = this.#waiting.get(guild) ?? 0
    if (waiting >= MAX_REQUESTS && !UNBOUNDED.has(op))
      throw new CodedError('UNAVAILABLE', 'the guild has too many requests', {
        retryAfterMs: RETRY_AFTER_MS,
      })
    this.#waiting.set(guild, waiting + 1)
    return { [Symbol.dispose]: () => this.#leave(guild) }
  }

  #leave(guild: string): void {
    const left = this.#waiting.get(guild)! - 1
    if (left === 0) this.#waiting.delete(guild)
    else this.#waiting.set(guild, left)
  }

  /** Whether the event is typing that no client would show. */
  isSuperfluous({ type, channelId = '' }: HubArgs<'publish'>['event']): boolean {
    if (type !== 'TYPING_START') return false
    const recent = this.#typing.get(channelId) ?? 0
    this.#typing.set(channelId, recent + 1, { noUpdateTTL: recent > 0 })
    return recent >= MAX_TYPING
  }
}
