import type { CommanderError } from 'commander'
import { EXIT } from './context.ts'
import type { Terminal } from './terminal.ts'

/** The caller wrote something that this command does not know. */
const USAGE = ['UNKNOWN_STAGE', 'UNKNOWN_LAB', 'UNKNOWN_BENCH', 'UNKNOWN_MIGRATION', 'UNKNOWN_STEP']

/** Somebody told the command to end before it was done. Not a failure, and told as none. */
export class Interrupted extends Error {
  readonly exitCode: number

  constructor(exitCode: number) {
    super('interrupted')
    this.exitCode = exitCode
  }
}

/**
 * Commander leaves by throwing: for help and version as well as for a command line that it does not
 * understand.
 */
export class Misuse extends Error {
  readonly error: CommanderError
  readonly command: string

  constructor(error: CommanderError, command: string) {
    super(error.message)
    this.error = error
    this.command = command
  }
}

/**
 * Says what went wrong in words, with a code and the next step, and returns the exit code. Help and
 * version are no failures.
 */
export function fail(error: unknown, terminal: Terminal, debug: boolean): number {
  if (error instanceof Misuse) return error.error.exitCode === 0 ? 0 : failUsage(error, terminal)
  if (error instanceof Interrupted) return error.exitCode
  const { code, message, next } = isCoded(error) ? error : crash(error)
  terminal.say(describe(code, message, next))
  if (debug) terminal.say(stackOf(error))
  return USAGE.includes(code) ? EXIT.usage : EXIT.failure
}

interface Coded {
  readonly code: string
  readonly message: string
  readonly next?: string | undefined
}

/**
 * By name and not by class: the class comes with all of the kit, which a mistyped option need not
 * wait for.
 */
const isCoded = (error: unknown): error is Coded =>
  error instanceof Error && error.name === 'CodedError' && 'code' in error

const crash = (error: unknown): Coded => ({
  code: 'CRASHED',
  message: error instanceof Error ? error.message : String(error),
  next: 'set THRESHOLD_DEBUG=1 and run it again for the stack',
})

/**
 * Commander's own words, in our form: it knows the nearest command and option, and wrote them on a
 * second line.
 */
function failUsage({ error, command }: Misuse, terminal: Terminal): number {
  const code = error.code
    .replace('commander.', '')
    .replaceAll(/[A-Z]/g, (letter) => `_${letter}`)
    .toUpperCase()
  // A command group without a command prints its help, and has said all there is to say.
  if (error.code === 'commander.help') return EXIT.usage
  const message = error.message.replace(/^error: /, '').replace('\n(Did you mean', ' (did you mean')
  terminal.say(describe(code, message, `${command} --help`))
  return EXIT.usage
}

const describe = (code: string, message: string, next: string | undefined): string =>
  next === undefined ? `${code}: ${message}` : `${code}: ${message}\n  → ${next}`

function stackOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  const cause = error.cause === undefined ? '' : `\ncaused by ${stackOf(error.cause)}`
  return `${error.stack}${cause}`
}
