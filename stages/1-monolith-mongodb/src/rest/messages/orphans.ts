import { messageOf } from '@threshold/kit'
import type { HubEvent } from '@threshold/ports'
import type { Context, Place } from '../context.ts'

/** Events kept for another try at the most; beyond it the oldest is given up, and its message is still in the history. */
const MOST = 10_000
const EVERY_MS = 500

/**
 * A message that is stored but was not published is an orphan: in the history, and unheard. Its send was answered 503, and
 * a retry publishes it; if none comes, this does. Publishing is idempotent by the event's id, so both may happen.
 */
export interface Orphans extends AsyncDisposable {
  /** Publishes, or remembers to and rejects. */
  publish(place: Place, event: HubEvent, deadline: { at: number }): Promise<void>
}

export function createOrphans(context: Context): Orphans {
  const waiting = new Map<string, { place: Place; event: HubEvent }>()
  let timer: NodeJS.Timeout | undefined
  let closed = false

  async function adopt(): Promise<void> {
    timer = undefined
    for (const [id, { place, event }] of waiting) {
      try {
        await publishTo(context, place, event, { at: context.runtime.clock.now() + 2_000 })
        waiting.delete(id)
      } catch (error) {
        context.runtime.log.warn({ err: messageOf(error), waiting: waiting.size }, 'stored messages wait to be published')
        break
      }
    }
    schedule()
  }
  const schedule = (): void => {
    if (waiting.size > 0 && !closed) timer ??= setTimeout(adopt, EVERY_MS)
  }
  return {
    async publish(place, event, deadline) {
      try {
        await publishTo(context, place, event, deadline)
        waiting.delete(event.id)
      } catch (error) {
        if (waiting.size >= MOST) waiting.delete(waiting.keys().next().value!)
        waiting.set(event.id, { place, event })
        schedule()
        throw error
      }
    },
    async [Symbol.asyncDispose]() {
      closed = true
      clearTimeout(timer)
    },
  }
}

/** To the guild's log, or to both people of a direct message. */
export async function publishTo(context: Context, place: Place, event: HubEvent, deadline: { at: number }): Promise<void> {
  if (place.kind === 'dm') await context.ports.hub.publishToUsers(place.recipients, event, deadline)
  else await context.ports.hub.publish(place.guildId, event, deadline)
}
