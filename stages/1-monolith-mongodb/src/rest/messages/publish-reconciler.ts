import { type Deadline, deadlineAfter, messageOf, type Runtime } from '@threshold/kit'
import type { HubEvent } from '@threshold/ports'
import type { ChannelAccess } from '../context.ts'

/**
 * The most changes that wait. Above it the oldest is dropped; clients find its result in the
 * channel's history.
 */
const MAX_PENDING = 10_000
const INTERVAL_MS = 500
/** Time limit of one look-up in the store, and of one publish. */
const STEP_TIMEOUT_MS = 2_000
/**
 * A write whose caller timed out may still reach the store this much later: a change has two steps,
 * the driver gives each up to 10 s, and the rest is margin.
 */
const WRITE_LANDS_WITHIN_MS = 30_000
/** After ten minutes clients have fetched the history again. */
const GIVE_UP_AFTER_MS = 10 * 60_000

/** A change that may be stored and was not published. */
export interface PendingPublish {
  readonly access: ChannelAccess
  /** The id of the event that `findEvent` resolves with. */
  readonly eventId: string
  /**
   * Reads the change from the store and builds its event. Resolves with undefined if the store does
   * not have the change. Rejects if the store does not answer, and is called again later.
   */
  findEvent(deadline: Deadline): Promise<HubEvent | undefined>
}

export interface PublishReconciler extends AsyncDisposable {
  add(pending: PendingPublish): void
  remove(eventId: string): void
}

type Publish = (access: ChannelAccess, event: HubEvent, deadline: Deadline) => Promise<void>

interface Entry extends PendingPublish {
  readonly since: number
  /** When the store first answered that it does not have the change. No answer does not count. */
  absentSince?: number
}

/**
 * Publishes changes whose requests failed between the store and the hub. Such a request was
 * answered 503, and after a timeout the caller cannot know whether its write landed. Twice a second
 * the reconciler looks each change up and publishes those it finds.
 *
 * The client's retry publishes the same event id, and the hub drops the second of the two. An edit
 * has no such retry: sent again it is a later edit with an id of its own, and the first one is no
 * longer found.
 *
 * Pending changes are in memory. If the process dies, they are lost, and so are the sessions that
 * the events were for: their clients fetch the history when they reconnect. Production, where
 * gateways outlive API processes, would use an outbox in the store instead.
 */
export function createPublishReconciler(
  publish: Publish,
  { clock, log }: Pick<Runtime, 'clock' | 'log'>,
): PublishReconciler {
  const entries = new Map<string, Entry>()
  let timer: NodeJS.Timeout | undefined
  let closed = false
  let failing = false

  async function reconcile(): Promise<void> {
    for (const [eventId, entry] of entries) {
      if (closed) return
      const now = clock.now()
      try {
        const event = await entry.findEvent(deadlineAfter(STEP_TIMEOUT_MS, clock))
        if (event) await publish(entry.access, event, deadlineAfter(STEP_TIMEOUT_MS, clock))
        else entry.absentSince ??= now
        failing = false
        if (event || now - entry.absentSince! > WRITE_LANDS_WITHIN_MS) entries.delete(eventId)
      } catch (error) {
        logFailure(error)
        // The change goes to the end of the map, so that one that always fails does not hold up
        // others. `delete` is false if a retry has published the change meanwhile.
        if (entries.delete(eventId) && now - entry.since < GIVE_UP_AFTER_MS)
          entries.set(eventId, entry)
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
    if (entries.size > 0 && !closed) timer ??= setTimeout(reconcile, INTERVAL_MS)
  }

  return {
    add(pending) {
      if (entries.size >= MAX_PENDING) entries.delete(entries.keys().next().value!)
      entries.set(pending.eventId, { ...pending, since: clock.now() })
      schedule()
    },
    remove: (eventId) => void entries.delete(eventId),
    async [Symbol.asyncDispose]() {
      closed = true
      clearTimeout(timer)
    },
  }
}
