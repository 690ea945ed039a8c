import { compensatingEvents, type GuildEvent, type GuildState } from '@threshold/domain'
import { type Deadline, deadlineExceeded, isExpired, withDeadline } from '@threshold/kit'
import type { MetadataStore } from '@threshold/ports'
import pLimit from 'p-limit'

/**
 * Runs the commands of one guild one after the other, and writes their events to the store. After a
 * failed write, whose outcome is unknown, it repairs the store before the next command writes.
 */
export interface CommandQueue {
  /** Whether a command runs or waits. */
  readonly busy: boolean
  /**
   * Runs `work` after all earlier commands. Rejects with `DEADLINE_EXCEEDED` at the deadline. If
   * its turn has not come by then, `work` never runs; if it is running, it goes on and may take
   * effect.
   */
  enqueue<T>(deadline: Deadline, work: () => Promise<T>): Promise<T>
  /** Writes events. They are durable once this resolves. Rejects as the store does. */
  record(
    before: GuildState,
    events: readonly GuildEvent[],
    deadline: Deadline,
    commandId?: string,
  ): Promise<void>
}

/** The store of a guild. From stage 3 on, a log that names the command is written before it. */
export interface GuildStore extends Pick<MetadataStore, 'createGuild'> {
  record(...args: [...Parameters<MetadataStore['record']>, commandId?: string]): Promise<void>
}

/**
 * Called before each write to the store. Returns the deadline of the write, which must not outlast
 * the ownership of the guild. Throws `UNAVAILABLE` if this process no longer owns the guild.
 */
export type WriteFence = (deadline: Deadline) => Deadline

/**
 * A failed write may still have reached the store, in part or whole: a timeout does not tell. The
 * queue therefore remembers what would undo it, and writes that before the next command's events.
 * The store then agrees again with the state that the guild and its subscribers have.
 *
 * If the process ends first, the next one loads whatever the store has. That is correct too, since
 * the failed command was never acknowledged.
 *
 * This works only because each guild has a single writer. In stages 1 and 2 there is one process.
 * From stage 3 on, `fence` ends the writes of a process before another may own the guild.
 */
export function createCommandQueue(
  metadata: GuildStore,
  fence: WriteFence = (deadline) => deadline,
): CommandQueue {
  const oneAtATime = pLimit(1)
  let compensation:
    | {
        readonly state: GuildState
        readonly events: readonly GuildEvent[]
        readonly deleted: boolean
      }
    | undefined

  async function compensate(deadline: Deadline): Promise<void> {
    if (!compensation) return
    const { state, events, deleted } = compensation
    if (deleted) await metadata.createGuild(state, fence(deadline))
    await metadata.record(state.guild.id, events, fence(deadline))
    compensation = undefined
  }
  return {
    get busy() {
      return oneAtATime.activeCount + oneAtATime.pendingCount > 0
    },
    enqueue(deadline, work) {
      const done = oneAtATime(() => {
        // The caller has given up, so the command must not take effect any more.
        if (isExpired(deadline)) throw deadlineExceeded('the guild')
        return work()
      })
      return withDeadline(deadline, 'the guild', done)
    },
    async record(before, events, deadline, commandId) {
      await compensate(deadline)
      const limited = fence(deadline)
      try {
        await metadata.record(before.guild.id, events, limited, commandId)
      } catch (error) {
        compensation = {
          state: before,
          events: compensatingEvents(before, events),
          deleted: events.some((event) => event.type === 'guild.deleted'),
        }
        throw error
      }
    },
  }
}
