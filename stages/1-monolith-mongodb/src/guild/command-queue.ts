import { compensatingEvents, type GuildEvent, type GuildState } from '@threshold/domain'
import { type Deadline, deadlineExceeded, isExpired, withDeadline } from '@threshold/kit'
import type { MetadataStore } from '@threshold/ports'

/**
 * A guild's way to the store: one command after the other, and nothing in the store that the guild
 * does not know of.
 */
export interface CommandQueue {
  /** Something is under way or waits for its turn. */
  readonly busy: boolean
  /**
   * Runs `work` when everything before it is done. Rejects when its turn does not come in time;
   * then it never comes.
   */
  enqueue<T>(deadline: Deadline, work: () => Promise<T>): Promise<T>
  /** Durable once resolved. Rejects as the store does. */
  record(before: GuildState, events: readonly GuildEvent[], deadline: Deadline): Promise<void>
}

/**
 * A write that failed may have been made, in part or whole: a time-out says nothing. So before
 * anything else is written it is taken back, and the store says again what the guild and its
 * listeners believe. If nothing is written any more, a restart believes the store: the command had
 * no answer, and both outcomes are honest. With many writers to one guild this would not do;
 * production would give each guild's events a number and let the store refuse what comes out of
 * turn.
 */
export function createCommandQueue(
  metadata: Pick<MetadataStore, 'record' | 'createGuild'>,
): CommandQueue {
  let queue: Promise<unknown> = Promise.resolve()
  let commands = 0
  let doubtful:
    | {
        readonly state: GuildState
        readonly events: readonly GuildEvent[]
        readonly deleted: boolean
      }
    | undefined

  async function settle(deadline: Deadline): Promise<void> {
    if (!doubtful) return
    const { state, events, deleted } = doubtful
    if (deleted) await metadata.createGuild(state, deadline)
    await metadata.record(state.guild.id, events, deadline)
    doubtful = undefined
  }
  return {
    get busy() {
      return commands > 0
    },
    enqueue(deadline, work) {
      commands += 1
      const done = queue
        .then(() => {
          if (isExpired(deadline)) throw deadlineExceeded('the guild') // nobody waits for it any more
          return work()
        })
        .finally(() => {
          commands -= 1
        })
      queue = done.catch(() => {})
      return withDeadline(deadline, 'the guild', done)
    },
    async record(before, events, deadline) {
      await settle(deadline)
      try {
        await metadata.record(before.guild.id, events, deadline)
      } catch (error) {
        doubtful = {
          state: before,
          events: compensatingEvents(before, events),
          deleted: events.some((event) => event.type === 'guild.deleted'),
        }
        throw error
      }
    },
  }
}
