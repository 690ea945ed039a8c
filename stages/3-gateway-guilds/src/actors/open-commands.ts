import { LRUCache } from 'lru-cache'
import { MAX_AGE_MS } from '../nats/partition-log.ts'
import type { CommandRecord, PartitionRecord } from './records.ts'

/** More than are under way in one partition when its owner changes. */
const MAX_ANSWERED = 1_024

/**
 * Commands that are in the log and whose events are not: their host died, or their guild failed,
 * between the store and the log. Commands of one guild run one after the other, so each guild has
 * at most one, and a new one closes the one before.
 */
export class OpenCommands {
  readonly #byGuild = new Map<string, CommandRecord>()
  /** Commands of earlier owners that took effect or will, by their ids. */
  readonly #earlier = new LRUCache<string, CommandRecord['events']>({
    max: MAX_ANSWERED,
    ttl: MAX_AGE_MS,
  })

  /** @param history the records of earlier owners, oldest first */
  constructor(history: readonly PartitionRecord[]) {
    const keep = (command?: CommandRecord): void => {
      if (command?.id !== undefined) this.#earlier.set(command.id, command.events)
    }
    for (const record of history)
      if (record.kind === 'command') this.open(record)
      else if (record.kind === 'applied') {
        keep(this.get(record.key))
        this.close(record.key)
      }
    for (const command of this.#byGuild.values()) keep(command)
  }

  /**
   * The events of a command that an earlier owner has decided on and may not have answered. Not of
   * one whose write has failed, and which the next command undid.
   */
  decided(id: string): CommandRecord['events'] | undefined {
    return this.#earlier.get(id)
  }

  open(command: CommandRecord): void {
    this.#byGuild.set(command.key, command)
  }

  close(guild: string): void {
    this.#byGuild.delete(guild)
  }

  get(guild: string): CommandRecord | undefined {
    return this.#byGuild.get(guild)
  }
}
