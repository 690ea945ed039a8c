import type { CommandRecord, PartitionRecord } from './records.ts'

/**
 * Commands that are in the log and whose events are not: their host died, or their guild failed,
 * between the store and the log. Commands of one guild run one after the other, so each guild has
 * at most one, and a new one closes the one before.
 */
export class OpenCommands {
  readonly #byGuild = new Map<string, CommandRecord>()

  /** @param history the records of earlier owners, oldest first */
  constructor(history: readonly PartitionRecord[]) {
    for (const record of history)
      if (record.kind === 'command') this.open(record)
      else if (record.kind === 'applied') this.close(record.key)
  }

  open(command: CommandRecord): void {
    this.#byGuild.set(command.key, command)
  }

  close(guild: string): void {
    this.#byGuild.delete(guild)
  }

  /** Returns the open command of a guild and closes it, so that it is completed once. */
  take(guild: string): CommandRecord | undefined {
    const command = this.#byGuild.get(guild)
    this.close(guild)
    return command
  }
}
