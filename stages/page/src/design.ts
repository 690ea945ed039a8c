import { readFileSync } from 'node:fs'

/** The folder of the files that the chat page, the reports and the site share. */
export const DESIGN_FOLDER = new URL('./design/', import.meta.url)

const read = (name: string): string => readFileSync(new URL(name, DESIGN_FOLDER), 'utf8')

/** CSS variables for colours, fonts and radius. The page that uses them sets `color-scheme`. */
export const TOKENS = read('tokens.css')

/** The logo, as an SVG image. */
export const LOGO = read('logo.svg')
