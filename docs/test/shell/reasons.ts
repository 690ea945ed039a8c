import { existsSync } from 'node:fs'
import path from 'node:path'

/** A shorter text does not explain anything. */
const MIN_LENGTH = 25

const PATH = /[\w@.-]+(?:\/[\w@.-]+)+/g

/**
 * The problem of a reason for not running a line, or undefined for a valid reason. If it names a
 * file ("covered by scripts/test/stage.test.ts"), the file must exist.
 */
export function problemOf(root: string, reason: string): string | undefined {
  if (reason.trim().length < MIN_LENGTH) return `"${reason}" is too short to be a reason`
  const missing = (reason.match(PATH) ?? []).filter(
    (file) => isInRepository(root, file) && !existsSync(path.join(root, file)),
  )
  return missing.length > 0 ? `it names ${missing.join(', ')}, which does not exist` : undefined
}

/** Words with slashes are a path of the repository if the first is a folder or file of its root. */
const isInRepository = (root: string, file: string): boolean =>
  existsSync(path.join(root, file.split('/')[0]!))
