import { setTimeout as delay } from 'node:timers/promises'
import { CodedError } from '@threshold/kit/errors'
import { register } from '../registry/registry.ts'
import { type LaunchSpec, startChild } from './child.ts'
import { terminate } from './terminate.ts'

export interface CommandOptions extends LaunchSpec {
  /** What fails, for the reader: `pip install secantusdb`. */
  readonly title: string
  /** Called for every line; a carriage return ends one too, as in progress bars. */
  readonly onLine?: (line: string) => void
  readonly next?: string
  readonly timeoutMs?: number
}

const POLL_MS = 50

/**
 * Runs a program to its end. It is registered while it runs, so that an install outlives neither us
 * nor a `kill -9`.
 */
export async function runCommand(options: CommandOptions): Promise<void> {
  const { title, onLine, next, timeoutMs = 3_600_000 } = options
  await using registration = await register({
    role: 'install',
    text: title,
    group: true,
    onExit: 'kill',
  })
  const child = await startChild(options, registration.id)
  await registration.update({ process: child.identity })
  let rest = ''
  child.onOutput((text) => {
    const lines = (rest + text).split(/[\r\n]+/)
    rest = lines.pop() ?? ''
    for (const line of lines) if (line.trim() !== '') onLine?.(line.trim())
  })
  const until = Date.now() + timeoutMs
  while (child.exitReason() === undefined) {
    if (Date.now() > until) {
      await terminate(child.identity, { group: true })
      throw new CodedError(
        'COMMAND_TIMED_OUT',
        `${title} took longer than ${Math.round(timeoutMs / 1_000)} s`,
        next === undefined ? {} : { next },
      )
    }
    await delay(POLL_MS)
  }
  if (child.exitReason() === 'exit code 0') return
  const why = child.tail().trim().split('\n').slice(-12).join('\n')
  throw new CodedError(
    'COMMAND_FAILED',
    `${title} failed (${child.exitReason()})\n${why}`,
    next === undefined ? {} : { next },
  )
}
