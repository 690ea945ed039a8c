import remarkParse from 'remark-parse'
import { unified } from 'unified'
import { visit } from 'unist-util-visit'

/** A command that a reader would paste from a page. */
export interface ShellLine {
  /** The line in the page, from 1. */
  readonly line: number
  readonly text: string
  /** Why no test runs the command. A command without a reason is run. */
  readonly reason: string | undefined
}

/** A fenced block of shell lines, which are run together and in order. */
export interface ShellFence {
  readonly document: string
  readonly lines: readonly ShellLine[]
  /** The exit code of the last line. All lines before it must end with 0. */
  readonly exit: number
  readonly seconds: number
}

const SHELLS = new Set(['bash', 'sh', 'shell'])
/** Other names for shell lines. A block under one of them would never be run. */
const OTHER_NAMES = new Set([
  'console',
  'shell-session',
  'shellsession',
  'terminal',
  'zsh',
  'cmd',
  'powershell',
  'ps1',
  'bat',
])
const NOT_RUN = /\s+# not run: (.+)$/
const META = /\s*([a-z-]+)=(?:"([^"]*)"|(\S+))/y

export class InvalidFence extends Error {}

/**
 * All shell lines of a page, in any kind of block. Throws `InvalidFence` when it is unclear whether
 * a block is to be run.
 */
export function shellFences(document: string, markdown: string): ShellFence[] {
  const fences: ShellFence[] = []
  visit(unified().use(remarkParse).parse(markdown), 'code', (node) => {
    const firstLine = node.position!.start.line
    const reject = (problem: string): never => {
      throw new InvalidFence(`${document}:${firstLine}: ${problem}`)
    }
    const language = node.lang?.toLowerCase()
    // An indented block, or a fence without a language, may be anything.
    if (language == null)
      return reject('a code block without a language; write ```text, ```bash or what it is')
    if (OTHER_NAMES.has(language))
      return reject(`shell lines are fenced as bash, sh or shell, not as ${language}`)
    if (!SHELLS.has(language)) return
    const meta = readMeta(node.meta ?? '', reject)
    const lines = linesOf(node.value, firstLine + 1).map((line) => ({
      ...line,
      reason: line.reason ?? meta.reason,
    }))
    if (lines.length === 0) return reject('a shell block without a command')
    fences.push({ document, lines, exit: meta.exit, seconds: meta.seconds })
  })
  return fences
}

function readMeta(
  text: string,
  reject: (problem: string) => never,
): { reason: string | undefined; exit: number; seconds: number } {
  const found: Record<string, string> = {}
  META.lastIndex = 0
  let end = 0
  for (let match = META.exec(text); match; match = META.exec(text)) {
    found[match[1]!] = match[2] ?? match[3] ?? ''
    end = META.lastIndex
  }
  const rest = text.slice(end).trim()
  const unknown = Object.keys(found).filter(
    (key) => !['no-run', 'exit', 'seconds', 'title'].includes(key),
  )
  if (rest !== '' || unknown.length > 0)
    reject(`unknown words after the language: ${rest || unknown.join(', ')}`)
  const number = (key: string, defaultValue: number): number => {
    const value = Number(found[key] ?? defaultValue)
    if (!Number.isInteger(value)) reject(`${key} must be a whole number, not ${found[key]}`)
    return value
  }
  if (found['no-run'] !== undefined && found['no-run'].trim() === '')
    reject('no-run needs a reason')
  return { reason: found['no-run'], exit: number('exit', 0), seconds: number('seconds', 120) }
}

/** Skips comments and blank lines, and joins lines that end in a backslash. */
function linesOf(code: string, firstLine: number): ShellLine[] {
  const lines: ShellLine[] = []
  let unfinished: { line: number; text: string } | undefined
  for (const [index, raw] of code.split('\n').entries()) {
    const text = unfinished ? `${unfinished.text}\n${raw}` : raw
    const line = unfinished?.line ?? firstLine + index
    if (raw.endsWith('\\')) {
      unfinished = { line, text }
      continue
    }
    unfinished = undefined
    const command = text.trim()
    if (command === '' || command.startsWith('#')) continue
    const reason = NOT_RUN.exec(command)?.[1]
    lines.push({ line, text: command.replace(NOT_RUN, ''), reason })
  }
  if (unfinished) lines.push({ ...unfinished, reason: undefined })
  return lines
}
