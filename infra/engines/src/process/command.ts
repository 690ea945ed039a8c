import { setTimeout as delay } from 'node:timers/promises'
import { CodedError } from '@threshold/kit/errors'
import { openRun } from '../run/registry.ts'
import { type Launch, startChild } from './child.ts'
import { terminate } from './terminate.ts'

export interface CommandOptions extends Launch {
  /** What fails, for the reader: `pip install secantusdb`. */
  readonly title: string
  /** Called for every line; a carriage return ends one too, as in progress bars. */
  readonly onLine?: (line: string) => void
  readonly next?: string
  readonly withinMs?: number
}

const POLL_MS = 50

/**
 * Runs a program to its end. It is registered while it runs, so that an install outlives neither us
 * nor a `kill -9`.
 */
export async function runCommand(options: CommandOptions): Promise<void> {
  const { title, onLine, next, withinMs = 3_600_000 } = options
  await using run = await openRun({ role: 'install', text: title, group: true, onExit: 'kill' })
  const child = await startChild(options, run.id)
  await run.update({ process: child.identity })
  let rest = ''
  child.onChunk((text) => {
    const lines = (rest + text).split(/[\r\n]+/)
    rest = lines.pop() ?? ''
    for (const line of lines) if (line.trim() !== '') onLine?.(line.trim())
  })
  const until = Date.now() + withinMs
  while (child.ended() === undefined) {
    if (Date.now() > until) {
      await terminate(child.identity, { group: true })
      throw new CodedError(
        'COMMAND_TIMED_OUT',
        `${title} took longer than ${Math.round(withinMs / 1_000)} s`,
        next === undefined ? {} : { next },
      )
    }
    await delay(POLL_MS)
  }
  if (child.ended() === 'exit code 0') return
  const why = child.tail().trim().split('\n').slice(-12).join('\n')
  throw new CodedError(
    'COMMAND_FAILED',
    `${title} failed (${child.ended()})\n${why}`,
    next === undefined ? {} : { next },
  )
}
