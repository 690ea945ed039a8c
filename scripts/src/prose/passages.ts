import { parseSync } from 'oxc-parser'
import remarkParse from 'remark-parse'
import { unified } from 'unified'
import { SKIP, visit } from 'unist-util-visit'

/**
 * A stretch of prose in a file. The text is as long as its source: markup, code and line breaks are
 * replaced by characters of the same length, so that a position in it is a position in the file.
 */
export interface Passage {
  readonly start: number
  readonly text: string
}

/** The prose of a file: the comments of a program, or the paragraphs of a Markdown page. */
export function passagesOf(name: string, source: string): Passage[] {
  if (/\.mdx?$/.test(name)) return markdownPassages(source)
  const comments = /\.[cm]?[jt]sx?$/.test(name)
    ? scriptComments(name, source)
    : lineComments(source)
  return comments.flatMap(({ start, end }) => splitComment(start, source.slice(start, end)))
}

interface Range {
  readonly start: number
  readonly end: number
}

/** Comments of JavaScript and TypeScript. Line comments on successive lines are one comment. */
function scriptComments(name: string, source: string): Range[] {
  const ranges: { start: number; end: number; line: boolean }[] = []
  for (const { type, start, end } of parseSync(name, source).comments) {
    const last = ranges.at(-1)
    const continues = type === 'Line' && last?.line && isIndent(source.slice(last.end, start))
    if (continues) last.end = end
    else ranges.push({ start, end, line: type === 'Line' })
  }
  return ranges
}

const isIndent = (text: string): boolean => /^\n[ \t]*$/.test(text)

/** Comment lines of shell scripts and Python, which start with `#`, and of Go. */
const lineComments = (source: string): Range[] =>
  [...source.matchAll(/(?:^[ \t]*(?:#(?!!)|\/\/).*\n?)+/gm)].map(({ index, 0: { length } }) => ({
    start: index,
    end: index + length,
  }))

/** Comments with instructions for tools contain no prose. */
const DIRECTIVE = /biome-ignore|@ts-|@type |shellcheck|\/\/\/ </

function splitComment(start: number, comment: string): Passage[] {
  if (DIRECTIVE.test(comment)) return []
  const text = maskCode(
    comment
      .replace(/^\/\*+|\*+\/$/g, blank)
      .replace(/^[ \t]*(\*|\/\/+|#+)/gm, blank)
      // Tags of JSDoc, with the name that follows.
      .replace(/^ *@\w+( \w+)?/gm, blank),
  )
  return splitBlocks(start, text)
}

/** Splits at empty lines and before the items of a list. */
function splitBlocks(start: number, text: string): Passage[] {
  const passages: Passage[] = []
  let at = 0
  for (const block of text.split(/(\n[ \t]*(?=\n)|\n(?=[ \t]*(?:[-*•]|\d+\.)[ \t]))/)) {
    const item = block.replace(/^\s*(?:[-*•]|\d+\.)\s/, blank)
    passages.push({ start: start + at, text: item.replaceAll('\n', ' ') })
    at += block.length
  }
  return passages.filter((passage) => passage.text.trim() !== '')
}

const maskCode = (text: string): string =>
  text.replace(/`[^`]+`/g, (code) => 'x'.repeat(code.length))

const blank = (text: string): string => text.replace(/[^\n]/g, ' ')

/** The text of a link is the title of another page, or a path. */
const QUOTED = ['inlineCode', 'image', 'link', 'linkReference']

/** Skips titles, which are no sentences: headings, the first row of a table, and bold lead-ins. */
function markdownPassages(source: string): Passage[] {
  const passages: Passage[] = []
  visit(unified().use(remarkParse).parse(source), (node) => {
    if (node.type === 'heading' || node.type === 'code' || node.type === 'html') return SKIP
    if (node.type !== 'paragraph') return undefined
    const { start, end } = node.position!
    let text = source.slice(start.offset, end.offset)
    const replace = (part: typeof node | (typeof node)['children'][number], by: string): void => {
      const from = part.position!.start.offset! - start.offset!
      const to = part.position!.end.offset! - start.offset!
      text = text.slice(0, from) + by.repeat(to - from) + text.slice(to)
    }
    visit(node, (child) => {
      if (QUOTED.includes(child.type)) replace(child, 'x')
      if (child.type === 'html') replace(child, ' ')
    })
    const [first] = node.children
    if (first?.type === 'strong' && isTitle(text)) replace(first, ' ')
    text = text.replace(/[*_>]/g, ' ')
    passages.push(...(/^\s*\|/.test(text) ? splitTable : splitBlocks)(start.offset!, text))
    return SKIP
  })
  return passages
}

/** A bold lead-in is a title if it ends a sentence. Otherwise it begins one, and is prose. */
const isTitle = (paragraph: string): boolean =>
  /^(\*\*|__)(?:(?!\1).)*([.:?!]\1|\1\s*([:—–]|$))/s.test(paragraph)

/** remark parses tables only with a plugin, and leaves them as paragraphs of lines with bars. */
function splitTable(start: number, text: string): Passage[] {
  const passages: Passage[] = []
  let at = 0
  for (const [row, line] of text.split('\n').entries()) {
    for (const cell of line.split('|')) {
      if (row > 1 && cell.trim() !== '') passages.push({ start: start + at, text: cell })
      at += cell.length + 1
    }
  }
  return passages
}
