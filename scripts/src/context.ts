import { dirname } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Terminal } from './terminal.ts'

/** What a command is given; it reaches for nothing else of the process but its environment. */
export interface Context {
  readonly terminal: Terminal
  /** The code to leave with when the command returns; 0 until it says otherwise. */
  exitWith(code: number): void
}

/** The root of the repository. */
export const ROOT = dirname(dirname(dirname(fileURLToPath(import.meta.url))))

/** Everything a run leaves for people to read; ignored by git. */
export const REMAINS = '.threshold'

export const EXIT = { usage: 2, failure: 1 } as const
