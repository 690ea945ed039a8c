import { dirname } from 'node:path'
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

/** Reports, checkpoints and the tests' leftovers go here. Git ignores it. */
export const OUTPUT_FOLDER = '.threshold'

export const EXIT = { usage: 2, failure: 1 } as const
