import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const SOURCE = fileURLToPath(new URL('../../src', import.meta.url))
const BEGINNING = /[`'](?=(?:SELECT|INSERT INTO|UPDATE|DELETE FROM|BEGIN|CREATE) )([^`']+)/g

interface WrittenStatement {
  readonly file: string
  readonly text: string
  /**
   * Matches the statements that are sent for it. An inserted expression may be anything, and the
   * text behind a quotation mark is ignored.
   */
  readonly pattern: RegExp
}

/** Every statement in the source of this stage, so that one that no test sends is noticed. */
export function writtenStatements(): WrittenStatement[] {
  const files = readdirSync(SOURCE, { recursive: true, encoding: 'utf8' }).filter((file) =>
    file.endsWith('.ts'),
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
