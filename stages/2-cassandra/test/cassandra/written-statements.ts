import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const SOURCE = fileURLToPath(new URL('../../src', import.meta.url))
/** SQLite's. */
const NOT_CASSANDRA = /checkpoints\.ts$/
const BEGINNING = /[`'](?=(?:SELECT|INSERT INTO|UPDATE|DELETE FROM|BEGIN|CREATE) )([^`']+)/g

interface Written {
  readonly file: string
  readonly text: string
  /**
   * Of what is sent for it. What is put in may be anything, and what follows a quotation mark is
   * not looked at.
   */
  readonly pattern: RegExp
}

/**
 * Every statement that stands in the source of this stage, so that a new one that no test sends is
 * noticed.
 */
export function writtenStatements(): Written[] {
  const files = readdirSync(SOURCE, { recursive: true, encoding: 'utf8' }).filter(
    (file) => file.endsWith('.ts') && !NOT_CASSANDRA.test(file),
  )
  return files.flatMap((file) =>
    [...readFileSync(join(SOURCE, file), 'utf8').matchAll(BEGINNING)].map(([, text = '']) => ({
      file,
      text,
      pattern: patternOf(text),
    })),
  )
}

function patternOf(text: string): RegExp {
  const fixed = text.replace(/\$\{[^}]*$/, '').split(/\$\{[^}]*\}/)
  return new RegExp(`^${fixed.map(escaped).join('[^]*')}`)
}

const escaped = (text: string): string => text.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&')
