import { type Deadline, messageOf } from '@threshold/kit'
import type { HubEvent } from '@threshold/ports'
import type { Context, Place } from '../context.ts'

/**
 * Changes in doubt at the most; beyond it the oldest is given up, and what became of it is still in
 * the history.
 */
const MOST = 10_000
const EVERY_MS = 500
const LOOK_MS = 2_000
/**
 * A write that nobody waits for any more may still land: two steps, of ten seconds each at the
 * most, and then some.
 */
const LANDS_WITHIN_MS = 30_000
/** After ten minutes clients have fetched the history again. */
const GIVEN_UP_MS = 10 * 60_000

/**
 * Asks the store what became of a change: the event that tells of it, or undefined where nothing
 * has happened (yet).
 */
export type Find = (deadline: Deadline) => Promise<HubEvent | undefined>

/**
 * A message that is stored but was not published is an orphan: in the history, and unheard. So is a
 * deletion that was made and not told, and an edit. Their requests were answered 503, and where the
 * failure was a time-out nobody knows how far they came. So whatever fails once a change may have
 * been made is remembered here by its event's id, looked up, and told if it is there. The client's
 * retry tells it as well: publishing is idempotent by the event's id, so both may happen. An edit's
 * retry is a later edit, beside which the first is found no more.
 */
export interface Orphans extends AsyncDisposable {
  /** Publishes; then the event is no orphan. Who calls it remembers, when it rejects. */
  publish(place: Place, event: HubEvent, deadline: Deadline): Promise<void>
  remember(place: Place, eventId: string, find: Find): void
  /** It was told some other way. */
  forget(eventId: string): void
}

interface Doubt {
  readonly place: Place
  readonly find: Find
  readonly since: number
  /** When the store first said that nothing has happened. That it did not answer says nothing. */
  absentSince?: number
}

export function createOrphans(context: Context): Orphans {
  const { clock, log } = context.runtime
  const doubts = new Map<string, Doubt>()
  let timer: NodeJS.Timeout | undefined
  let closed = false
  let waits = false

  async function reconcile(): Promise<void> {
    for (const [id, doubt] of doubts) {
      if (closed) return
      const now = clock.now()
      try {
        const event = await doubt.find({ at: now + LOOK_MS })
        if (event) await publishTo(context, doubt.place, event, { at: clock.now() + LOOK_MS })
        else doubt.absentSince ??= now
        waits = false
        if (event || now - doubt.absentSince! > LANDS_WITHIN_MS) doubts.delete(id)
      } catch (error) {
        // Twice a second in an outage: said when it begins.
        if (!waits)
          log.warn(
            { err: messageOf(error), waiting: doubts.size },
            'what may have been stored waits to be published',
          )
        waits = true
        // To the end: what fails each time must not keep the others waiting. Unless a retry has
        // told it meanwhile.
        if (doubts.delete(id) && now - doubt.since < GIVEN_UP_MS) doubts.set(id, doubt)
        break
      }
    }
    timer = undefined
    schedule()
  }
  const schedule = (): void => {
    if (doubts.size > 0 && !closed) timer ??= setTimeout(reconcile, EVERY_MS)
  }
  return {
    async publish(place, event, deadline) {
      await publishTo(context, place, event, deadline)
      doubts.delete(event.id)
    },
    remember(place, eventId, find) {
      if (doubts.size >= MOST) doubts.delete(doubts.keys().next().value!)
      doubts.set(eventId, { place, find, since: clock.now() })
      schedule()
    },
    forget: (eventId) => void doubts.delete(eventId),
    async [Symbol.asyncDispose]() {
      closed = true
      clearTimeout(timer)
    },
  }
}

/** To the guild's log, or to both people of a direct message. */
export async function publishTo(
  context: Context,
  place: Place,
  event: HubEvent,
  deadline: Deadline,
): Promise<void> {
  if (place.kind === 'dm') await context.ports.hub.publishToUsers(place.recipients, event, deadline)
  else await context.ports.hub.publish(place.guildId, event, deadline)
}
