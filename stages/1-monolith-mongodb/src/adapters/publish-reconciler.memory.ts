import { deadlineAfter, messageOf, type Runtime } from '@threshold/kit'
import type { PendingChange, PublishChange, PublishReconciler } from '@threshold/ports'

/**
 * The most changes that wait. Above it the oldest is dropped; clients find its result in the
 * channel's history.
 */
const MAX_PENDING = 10_000
const INTERVAL_MS = 500
/** Time limit for looking one change up and publishing it. */
const PUBLISH_TIMEOUT_MS = 4_000
/**
 * A write whose caller timed out may still reach the store this much later: a change has two steps,
 * the driver gives each up to 10 s, and the rest is margin.
 */
const WRITE_LANDS_WITHIN_MS = 30_000
/** After ten minutes clients have fetched the history again. */
const GIVE_UP_AFTER_MS = 10 * 60_000

interface Entry {
  readonly change: PendingChange
  readonly since: number
  /** When the store first answered that it does not have the change. No answer does not count. */
  absentSince?: number
}

/**
 * Remembers the changes of failed requests in memory. Such a request was answered 503, and after a
 * timeout the caller cannot know whether its write landed. Twice a second the reconciler looks each
 * change up and publishes those it finds.
 *
 * A repeated send publishes the same event id, and the hub drops the duplicate. A repeated edit has
 * a new id, and the store no longer has the first edit.
 *
 * An attempt is remembered only once it fails. If the process dies, its changes are lost, and so
 * are the sessions that the events were for: their clients fetch the history when they reconnect.
 * Gateways of later stages outlive API processes, so changes are kept outside of them there.
 */
export function memoryPublishReconciler({
  clock,
  log,
}: Pick<Runtime, 'clock' | 'log'>): PublishReconciler {
  const entries = new Map<string, Entry>()
  let publish: PublishChange | undefined
  let timer: NodeJS.Timeout | undefined
  let closed = false
  let failing = false

  async function reconcileAll(): Promise<void> {
    for (const [eventId, entry] of entries) {
      if (closed) return
      const now = clock.now()
      try {
        const outcome = await publish?.(entry.change, deadlineAfter(PUBLISH_TIMEOUT_MS, clock))
        if (outcome === 'absent') entry.absentSince ??= now
        failing = false
        if (outcome === 'published' || now - entry.absentSince! > WRITE_LANDS_WITHIN_MS)
          entries.delete(eventId)
      } catch (error) {
        logFailure(error)
        // The change goes to the end of the map, so that one that always fails does not hold up
        // others. `delete` is false if a retry has published the change meanwhile.
        if (entries.delete(eventId) && now - entry.since < GIVE_UP_AFTER_MS)
          entries.set(eventId, entry)
        // The store or the hub is probably away, so the others wait for the next run.
        break
      }
    }
    timer = undefined
    schedule()
  }

  /** Once an outage: otherwise it would be a line every half second. */
  function logFailure(error: unknown): void {
    if (!failing)
      log.warn(
        { err: messageOf(error), waiting: entries.size },
        'changes that may be stored wait to be published',
      )
    failing = true
  }

  function schedule(): void {
    if (entries.size > 0 && !closed) timer ??= setTimeout(reconcileAll, INTERVAL_MS)
  }

  return {
    start(publishChange) {
      publish = publishChange
    },
    begin: async (changes) => ({
      reconcile() {
        for (const change of changes) {
          if (entries.size >= MAX_PENDING) entries.delete(entries.keys().next().value!)
          entries.set(change.eventId, { change, since: clock.now() })
        }
        schedule()
      },
      settle() {},
    }),
    published(eventIds) {
      for (const eventId of eventIds) entries.delete(eventId)
    },
    async [Symbol.asyncDispose]() {
      closed = true
      clearTimeout(timer)
    },
  }
}
