import { existsSync } from 'node:fs'
import path from 'node:path'

/** Shorter than this is an excuse, not a reason. */
const LEAST = 25

const PLACE = /[\w@.-]+(?:\/[\w@.-]+)+/g

/**
 * What is wrong with a reason for not running a line; undefined when it will do. A reason that
 * names a file ("covered by scripts/test/stage.test.ts") must name one that exists, so that it
 * cannot outlive the test it leans on.
 */
export function faultOf(root: string, reason: string): string | undefined {
  if (reason.trim().length < LEAST) return `"${reason}" is too short to be a reason`
  const gone = (reason.match(PLACE) ?? []).filter(
    (place) => looksLikePath(root, place) && !existsSync(path.join(root, place)),
  )
  return gone.length > 0 ? `its reason names ${gone.join(', ')}, which is not there` : undefined
}

/**
 * Something with slashes is a path of ours when its first step is a folder or file at the top of
 * the repository.
 */
const looksLikePath = (root: string, place: string): boolean =>
  existsSync(path.join(root, place.split('/')[0]!))
