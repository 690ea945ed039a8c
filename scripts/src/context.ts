import { dirname, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Terminal } from './terminal.ts'

/** Everything that a command uses of the process, besides its environment. */
export interface CommandContext {
  readonly terminal: Terminal
  /** Sets the code to exit with when the command returns. It is 0 by default. */
  setExitCode(code: number): void
}

/** The root of the repository. */
export const ROOT = dirname(dirname(dirname(fileURLToPath(import.meta.url))))

/**
 * Reports, progress, checkpoints and the tests' leftovers go here. Git ignores it. THRESHOLD_OUTPUT
 * names another folder than the clone to keep it in.
 */
export const outputFolder = (env: NodeJS.ProcessEnv = process.env): string =>
  join(env.THRESHOLD_OUTPUT ? resolve(env.THRESHOLD_OUTPUT) : ROOT, '.threshold')

/** Each run of a lab has a folder here. */
export const evidenceFolder = (): string => join(outputFolder(), 'evidence')

/** Each lab whose recorded run was played has a folder here. */
export const recordedFolder = (): string => join(outputFolder(), 'recorded')

export const EXIT = { usage: 2, failure: 1 } as const
