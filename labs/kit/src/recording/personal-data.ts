import { homedir, hostname } from 'node:os'
import { REPOSITORY } from '../labs.ts'
import type { Report } from '../report/schema.ts'

/** The words that identify the user's machine. */
export interface Identity {
  readonly host: string
  /** The user's folders. */
  readonly folders: readonly string[]
}

const here = (): Identity => ({ host: hostname(), folders: [homedir(), REPOSITORY] })

const USER_FOLDER = /(\/home\/|\/Users\/|\\\\Users\\\\)[^/\\"]+/
/** The bounds keep the search linear in a text without spaces. */
const MAIL = /[\w.+-]{1,64}@[\w-]{1,63}\.\w+/
/** A shorter host name is a common word. */
const MIN_HOST = 4

/** Returns the personal data in a report that would be published; undefined if there is none. */
export function personalDataIn(
  report: Report,
  { host, folders }: Identity = here(),
): string | undefined {
  // Histograms are random letters, in which any short word occurs.
  const text = JSON.stringify(report, (key, value) => (key === 'encoded' ? undefined : value))
  const folder = folders.find((path) => path.length > 1 && text.includes(path))
  const named = new RegExp(`(?<![\\w-])${host.replaceAll(/[^\w-]/g, '\\$&')}(?![\\w-])`, 'i')
  return (
    folder ??
    USER_FOLDER.exec(text)?.[0] ??
    MAIL.exec(text)?.[0] ??
    (host.length >= MIN_HOST && host !== 'localhost' ? named.exec(text)?.[0] : undefined)
  )
}
