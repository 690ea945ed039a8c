import { styleText } from 'node:util'
import type { OnProgress, Step } from '@threshold/engines'
import Table from 'cli-table3'
import ora from 'ora'

/**
 * Where a command writes: results to stdout, so that they can be piped; everything said along the
 * way to stderr.
 */
export interface Terminal {
  /** Somebody sits there and can be asked. */
  readonly interactive: boolean
  print(text: string): void
  say(text: string): void
  progress(text: string): Progress
}

/** Something slow that goes on. Dispose of it before saying anything else. */
interface Progress extends Disposable {
  readonly step: OnProgress
}

export const terminal: Terminal = {
  interactive: process.stdin.isTTY === true && process.stderr.isTTY === true,
  print: (text) => void process.stdout.write(`${text}\n`),
  say: (text) => void process.stderr.write(`${text}\n`),
  progress: (text) => (canDraw() ? spinner(text) : lines(text)),
}

const PLAIN = {
  top: '',
  'top-mid': '',
  'top-left': '',
  'top-right': '',
  bottom: '',
  'bottom-mid': '',
  'bottom-left': '',
  'bottom-right': '',
}
const INNER = {
  left: '',
  'left-mid': '',
  mid: '',
  'mid-mid': '',
  right: '',
  'right-mid': '',
  middle: '  ',
}

/** Columns without lines: they copy well, and read well on a projector. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const drawn = new Table({
    head: head.map((title) => strong(title)),
    chars: { ...PLAIN, ...INNER },
    style: { head: [], border: [], 'padding-left': 0, 'padding-right': 0 },
  })
  drawn.push(...rows.map((row) => [...row]))
  return drawn
    .toString()
    .split('\n')
    .map((line) => line.trimEnd())
    .join('\n')
}

/** Styles are dropped by themselves where stdout is no terminal, or NO_COLOR is set. */
export const strong = (text: string): string => styleText('bold', text)
export const added = (text: string): string => styleText('green', text)
export const removed = (text: string): string => styleText('red', text)
export const faint = (text: string): string => styleText('dim', text)

/**
 * A terminal may say that it has no width, as those of CI do; drawing there would never come to an
 * end.
 */
const canDraw = (): boolean => process.stderr.isTTY && process.stderr.columns >= NARROWEST
const NARROWEST = 40

function spinner(text: string): Progress {
  const drawn = ora({ text, stream: process.stderr, discardStdin: false }).start()
  return {
    step: (step) => {
      drawn.text = withShare(step)
    },
    [Symbol.dispose]: () => void drawn.stop(),
  }
}

/** How often one thing that goes on is told of where lines stay. */
const REPEAT_MS = 5_000

/** In a file or a pipeline: a line for each new thing, and now and then one for how far it is. */
function lines(text: string): Progress {
  let last = { subject: '', at: 0 }
  const step: OnProgress = (next) => {
    // `installing X: this file`, `installing X: that file` are one thing.
    const [subject = ''] = next.text.split(': ')
    if (subject === last.subject && Date.now() - last.at < REPEAT_MS) return
    last = { subject, at: Date.now() }
    process.stderr.write(`${withShare(next)}\n`)
  }
  step({ text })
  return { step, [Symbol.dispose]: () => {} }
}

const withShare = ({ text, done, total }: Step): string =>
  done === undefined || total === undefined ? text : `${text} (${done} of ${total})`
