import { CodedError } from '@threshold/kit/errors'
import { register } from '../registry/registry.ts'
import { type LaunchSpec, startChild } from './child.ts'
import { terminate } from './terminate.ts'
import { waitUntil } from './wait-until.ts'

export interface CommandOptions extends LaunchSpec {
  /** Names the command in errors: `pip install secantusdb`. */
  readonly title: string
  /** Called for every line. A carriage return ends a line too, as in progress bars. */
  readonly onLine?: (line: string) => void
  /** The help for a command that failed. */
  readonly next?: string
  readonly timeoutMs?: number
}

const POLL_MS = 50
const TAIL_LINES = 12

/**
 * Runs a program until it exits. It is registered meanwhile, so that an install ends with this
 * process, also after a SIGKILL. Throws COMMAND_FAILED with the last lines of output, or
 * COMMAND_TIMED_OUT after `timeoutMs`, one hour by default.
 */
export async function runCommand(options: CommandOptions): Promise<void> {
  const { title, onLine, next, timeoutMs = 3_600_000 } = options
  const help = next === undefined ? {} : { next }
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
  const exited = (): boolean => child.exitReason() !== undefined
  if (!(await waitUntil(exited, { intervalMs: POLL_MS, timeoutMs }))) {
    await terminate(child.identity, { group: true })
    const seconds = Math.round(timeoutMs / 1_000)
    throw new CodedError('COMMAND_TIMED_OUT', `${title} took longer than ${seconds} s`, help)
  }
  if (child.exitReason() === 'exit code 0') return
  const output = child.tail().trim().split('\n').slice(-TAIL_LINES).join('\n')
  throw new CodedError('COMMAND_FAILED', `${title} failed (${child.exitReason()})\n${output}`, help)
}
