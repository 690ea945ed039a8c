/** Escapes text that is not Markdown, such as a question or the name of a user. */
export const plain = (text: string): string => text.replaceAll(/[\\`*_[\]<>|]/g, '\\$&')

export const code = (text: string): string => `\`${text.replaceAll('|', '\\|')}\``

/** Cells are Markdown without bars. Columns are padded as the formatter does. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = head.map((_, column) =>
    Math.max(MIN_WIDTH, ...[head, ...rows].map((cells) => cells[column]!.length)),
  )
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell, column) => cell.padEnd(widths[column]!)).join(' | ')} |`
  return [line(head), line(widths.map((width) => '-'.repeat(width))), ...rows.map(line)].join('\n')
}

const MIN_WIDTH = 3

/** A part that the reader opens. GitHub and Docusaurus need the empty lines around the content. */
export const folded = (summary: string, content: readonly string[]): string =>
  paragraphs([`<details>\n<summary>${summary}</summary>`, ...content, '</details>'])

export const paragraphs = (parts: readonly (string | undefined)[]): string =>
  parts.filter((part) => part !== undefined && part !== '').join('\n\n')

export const list = (items: readonly string[]): string =>
  items.map((item) => `- ${item}`).join('\n')
