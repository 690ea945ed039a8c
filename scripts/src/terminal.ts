import { styleText } from 'node:util'
import type { OnProgress, ProgressStep } from '@threshold/engines'
import Table from 'cli-table3'
import ora from 'ora'
import wrapAnsi from 'wrap-ansi'
import { askLine, type KeyListener, listenForKey, type Prompt } from './prompt.ts'

/** Commands write results to stdout, so that they can be piped, and everything else to stderr. */
export interface Terminal {
  /** True when a person can answer questions here. */
  readonly interactive: boolean
  /** Writes a result to stdout. */
  print(text: string): void
  /** Writes a note to stderr. */
  log(text: string): void
  /** Shows progress on stderr until it is disposed of. Write nothing else meanwhile. */
  progress(text: string): Progress
  /** Asks for one line. Only if it is interactive. */
  ask(prompt: Prompt, interrupted: AbortSignal): Promise<string>
  /** Listens for any key. Only if it is interactive. */
  listenForKey(): KeyListener
}

interface Progress extends Disposable {
  readonly step: OnProgress
}

export const terminal: Terminal = {
  interactive: process.stdin.isTTY === true && process.stderr.isTTY === true,
  print: (text) => void process.stdout.write(`${text}\n`),
  log: (text) => void process.stderr.write(`${text}\n`),
  progress: (text) => (canAnimate() ? spinner(text) : progressLines(text)),
  ask: askLine,
  listenForKey,
}

const NO_BORDER = {
  top: '',
  'top-mid': '',
  'top-left': '',
  'top-right': '',
  bottom: '',
  'bottom-mid': '',
  'bottom-left': '',
  'bottom-right': '',
  left: '',
  'left-mid': '',
  mid: '',
  'mid-mid': '',
  right: '',
  'right-mid': '',
  middle: '  ',
}

/** Draws columns without rules, which copy well and read well on a projector. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const drawn = new Table({
    head: head.map((title) => bold(title)),
    chars: NO_BORDER,
    style: { head: [], border: [], 'padding-left': 0, 'padding-right': 0 },
  })
  drawn.push(...rows.map((row) => [...row]))
  return drawn
    .toString()
    .split('\n')
    .map((line) => line.trimEnd())
    .join('\n')
}

/** Longer lines are hard to read, also where the window is wider. */
const MAX_COLUMNS = 100

/**
 * Breaks long lines of prose between words, and keeps their indentation. Text that goes to a file
 * or a pipe keeps its lines.
 */
export function wrapped(text: string, stream: NodeJS.WriteStream = process.stdout): string {
  if (!stream.isTTY || stream.columns < MIN_COLUMNS) return text
  const columns = Math.min(stream.columns, MAX_COLUMNS)
  return text
    .split('\n')
    .map((line) => wrapLine(line, columns))
    .join('\n')
}

function wrapLine(line: string, columns: number): string {
  const [indent = ''] = /^(\s*([·✓✗?] )?)/.exec(line) ?? []
  const [first = '', ...rest] = wrapAnsi(line.slice(indent.length), columns - indent.length).split(
    '\n',
  )
  return [indent + first, ...rest.map((part) => ' '.repeat(indent.length) + part)].join('\n')
}

/** `styleText` drops styles where stdout is no terminal or NO_COLOR is set. */
export const bold = (text: string): string => styleText('bold', text)
export const dim = (text: string): string => styleText('dim', text)
export const green = (text: string): string => styleText('green', text)
export const red = (text: string): string => styleText('red', text)
export const yellow = (text: string): string => styleText('yellow', text)

/** CI's terminals may report a width of 0, on which ora would never finish drawing. */
const canAnimate = (): boolean => process.stderr.isTTY && process.stderr.columns >= MIN_COLUMNS
const MIN_COLUMNS = 40

function spinner(text: string): Progress {
  const drawn = ora({ text, stream: process.stderr, discardStdin: false }).start()
  return {
    step: (step) => {
      drawn.text = withCount(step)
    },
    [Symbol.dispose]: () => void drawn.stop(),
  }
}

/** Updates about the same subject are written to a log file at most this often. */
const REPEAT_MS = 5_000

/** Writes one line for each new subject, and an update of it now and then. */
function progressLines(text: string): Progress {
  let last = { subject: '', at: 0 }
  const step: OnProgress = (next) => {
    // `installing X: this file` and `installing X: that file` have the same subject.
    const [subject = ''] = next.text.split(': ')
    if (subject === last.subject && Date.now() - last.at < REPEAT_MS) return
    last = { subject, at: Date.now() }
    process.stderr.write(`${withCount(next)}\n`)
  }
  step({ text })
  return { step, [Symbol.dispose]: () => {} }
}

const withCount = ({ text, done, total }: ProgressStep): string =>
  done === undefined || total === undefined ? text : `${text} (${done} of ${total})`
