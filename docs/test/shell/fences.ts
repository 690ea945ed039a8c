import remarkParse from 'remark-parse'
import { unified } from 'unified'
import { visit } from 'unist-util-visit'

/** One command of a page, as a reader would paste it. */
export interface ShellLine {
  /** In the page, from 1. */
  readonly at: number
  readonly text: string
  /** Why no test runs it. Without one it is run. */
  readonly reason: string | undefined
}

/** A fenced block of shell lines: they are run together, in order, as a reader would. */
export interface ShellFence {
  readonly document: string
  readonly lines: readonly ShellLine[]
  /** What the last line must end with; all before it with 0. */
  readonly exit: number
  readonly seconds: number
}

const SHELLS = new Set(['bash', 'sh', 'shell'])
/**
 * Other names for the same thing. A block under one of them would be read as a command and run by
 * nobody.
 */
const DISGUISES = new Set([
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

export class BadFence extends Error {}

/**
 * All shell lines of a page, however they are fenced or nested. Throws `BadFence` where a block is
 * neither clearly run nor clearly not.
 */
export function shellFences(document: string, markdown: string): ShellFence[] {
  const fences: ShellFence[] = []
  visit(unified().use(remarkParse).parse(markdown), 'code', (node) => {
    const at = node.position!.start.line
    const refuse = (why: string): never => {
      throw new BadFence(`${document}:${at}: ${why}`)
    }
    const language = node.lang?.toLowerCase()
    // Remark has no language for a block that is indented or fenced without one: whoever reads it
    // cannot tell what it is either.
    if (language == null)
      return refuse('a code block without a language; write ```text, ```bash or what it is')
    if (DISGUISES.has(language))
      return refuse(`shell lines are fenced as bash, sh or shell, not as ${language}`)
    if (!SHELLS.has(language)) return
    const meta = readMeta(node.meta ?? '', refuse)
    const lines = linesOf(node.value, at + 1).map((line) => ({
      ...line,
      reason: line.reason ?? meta.reason,
    }))
    if (lines.length === 0) return refuse('a shell block without a command')
    fences.push({ document, lines, exit: meta.exit, seconds: meta.seconds })
  })
  return fences
}

function readMeta(
  text: string,
  refuse: (why: string) => never,
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
    refuse(`nobody knows what this means: ${rest || unknown.join(', ')}`)
  const number = (key: string, otherwise: number): number => {
    const value = Number(found[key] ?? otherwise)
    if (!Number.isInteger(value)) refuse(`${key} is a whole number, not ${found[key]}`)
    return value
  }
  if (found['no-run'] !== undefined && found['no-run'].trim() === '')
    refuse('no-run wants its reason')
  return { reason: found['no-run'], exit: number('exit', 0), seconds: number('seconds', 120) }
}

/**
 * Commands, each with its place: comments and blank lines left out, a line that ends in a backslash
 * joined to the next.
 */
function linesOf(code: string, from: number): ShellLine[] {
  const lines: ShellLine[] = []
  let held: { at: number; text: string } | undefined
  for (const [index, raw] of code.split('\n').entries()) {
    const text = held ? `${held.text}\n${raw}` : raw
    const at = held?.at ?? from + index
    if (raw.endsWith('\\')) {
      held = { at, text }
      continue
    }
    held = undefined
    const bare = text.trim()
    if (bare === '' || bare.startsWith('#')) continue
    const reason = NOT_RUN.exec(bare)?.[1]
    lines.push({ at, text: reason === undefined ? bare : bare.replace(NOT_RUN, ''), reason })
  }
  if (held) lines.push({ ...held, reason: undefined })
  return lines
}
