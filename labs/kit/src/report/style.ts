import { readFileSync } from 'node:fs'

const read = (name: string): string => readFileSync(new URL(name, import.meta.url), 'utf8')

/** Colours for light and dark mode, as the reader's system prefers. */
export const COLORS = read('./colors.css')

/** The style sheet of the page. Print is always light. */
export const STYLE = [COLORS, ...['./page.css', './parts.css', './screens.css'].map(read)].join(
  '\n',
)
