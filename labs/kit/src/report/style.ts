import { readFileSync } from 'node:fs'
import { TOKENS } from '@threshold/page/design'

const read = (name: string): string => readFileSync(new URL(name, import.meta.url), 'utf8')

/** The colours of all pages, light or dark as the reader's system prefers. */
export const COLORS = `${TOKENS}:root { color-scheme: light dark; }\n`

const SHEETS = ['page', 'first-screen', 'claim', 'parts', 'screens']

/** The style sheet of the page. Print is always light. */
export const STYLE = [COLORS, ...SHEETS.map((name) => read(`./${name}.css`))].join('\n')
