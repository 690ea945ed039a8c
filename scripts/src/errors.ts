import type { CommanderError } from 'commander'
import { EXIT } from './context.ts'
import type { Terminal } from './terminal.ts'

/** These codes mean that an argument is missing, or wrong, such as the name of an unknown lab. */
const USAGE_CODES = [
  'BAD_OPTION',
  'BAD_PREDICTION',
  'UNKNOWN_STAGE',
  'UNKNOWN_LAB',
  'UNKNOWN_BENCH',
  'UNKNOWN_MIGRATION',
  'UNKNOWN_STEP',
  'UNKNOWN_ROLE',
  'UNKNOWN_RUN',
  'NOT_CONFIRMED',
]

/** A signal ended the command. This is not a failure and prints no error. */
export class Interrupted extends Error {
  readonly exitCode: number

  constructor(exitCode: number) {
    super('interrupted')
    this.exitCode = exitCode
  }
}

/**
 * Commander throws this for a command line that it cannot parse, and also after it has printed help
 * or the version.
 */
export class UsageError extends Error {
  readonly error: CommanderError
  /** The command as a user types it, such as `npx threshold stage`. */
  readonly command: string

  constructor(error: CommanderError, command: string) {
    super(error.message)
    this.error = error
    this.command = command
  }
}

/** Logs an error with its code and the next step, and returns the exit code. */
export function reportError(error: unknown, terminal: Terminal, debug: boolean): number {
  if (error instanceof UsageError) return reportUsageError(error, terminal)
  if (error instanceof Interrupted) return error.exitCode
  const { code, message, next } = isCoded(error) ? error : unexpected(error)
  terminal.log(format(code, message, next))
  if (debug) terminal.log(stackOf(error))
  return USAGE_CODES.includes(code) ? EXIT.usage : EXIT.failure
}

interface Coded {
  readonly code: string
  readonly message: string
  readonly next?: string | undefined
}

/** Compares the name. Importing the class would load the whole kit for a mistyped option. */
const isCoded = (error: unknown): error is Coded =>
  error instanceof Error && error.name === 'CodedError' && 'code' in error

const unexpected = (error: unknown): Coded => ({
  code: 'CRASHED',
  message: error instanceof Error ? error.message : String(error),
  next: 'set THRESHOLD_DEBUG=1 and run it again for the stack',
})

/** Commander's message in our format. It puts its suggestion on a second line. */
function reportUsageError({ error, command }: UsageError, terminal: Terminal): number {
  // Help and version end with code 0.
  if (error.exitCode === 0) return 0
  // A command group without a subcommand has already printed its help.
  if (error.code === 'commander.help') return EXIT.usage
  const code = error.code
    .replace('commander.', '')
    .replaceAll(/[A-Z]/g, (letter) => `_${letter}`)
    .toUpperCase()
  const message = error.message.replace(/^error: /, '').replace('\n(Did you mean', ' (did you mean')
  terminal.log(format(code, message, `${command} --help`))
  return EXIT.usage
}

const format = (code: string, message: string, next: string | undefined): string =>
  next === undefined ? `${code}: ${message}` : `${code}: ${message}\n  → ${next}`

function stackOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  const cause = error.cause === undefined ? '' : `\ncaused by ${stackOf(error.cause)}`
  return `${error.stack}${cause}`
}
