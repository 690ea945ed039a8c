import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Failure, say } from './failure.mjs'
import { requireSpace, whyNotWritable } from './folders.mjs'
import { withLock } from './lock.mjs'
import { npmCi } from './npm.mjs'

/** Measured: 530 MB of packages, and npm's own cache of them. */
const NEEDS_BYTES = 700_000_000

/** Runs `npm ci` when what is installed is not what package-lock.json says. */
export async function installDependencies(root) {
  if (whyNotInstalled(root) === undefined) return
  const onWait = () =>
    say('threshold: another process is installing the dependencies, waiting for it…')
  await withLock('install', root, onWait, async (lock) => {
    // The process that had the lock before may have done it.
    const why = whyNotInstalled(root)
    if (why !== undefined) await install(root, why, lock)
  })
}

async function install(root, why, lock) {
  for (const folder of [root, join(root, 'node_modules')]) {
    const closed = whyNotWritable(folder)
    if (closed === undefined) continue
    const next = `sudo chown -R "$(id -un)" ${root}, or clone the repository into a folder of your own`
    throw new Failure('NOT_WRITABLE', `${why}, and they cannot be: ${folder}: ${closed}`, next)
  }
  requireSpace(
    root,
    NEEDS_BYTES,
    'installing the dependencies',
    'free some space, then run the same command again',
  )
  say(`threshold: ${why}; running npm ci, a minute or two…`)
  const started = Date.now()
  await npmCi(root, [], lock)
  const left = whyNotInstalled(root)
  if (left !== undefined) {
    const next = 'rm -rf node_modules && npm ci --include=dev --include=optional'
    throw new Failure('NPM_CI_INCOMPLETE', `npm ci succeeded, and yet ${left}`, next)
  }
  say(`threshold: dependencies installed in ${Math.round((Date.now() - started) / 1000)} s`)
}

/**
 * Compares package-lock.json with the lockfile that npm leaves in node_modules when, and only when,
 * it has finished. So an install that was cut off is seen, a changed lockfile too, and an `npm
 * install` done by hand is not repeated.
 */
function whyNotInstalled(root) {
  const installed = readLock(root, 'node_modules/.package-lock.json')
  if (installed === undefined) return 'the dependencies are not installed yet'
  const wanted = readLock(root, 'package-lock.json')
  if (wanted === undefined)
    throw new Failure(
      'NO_LOCKFILE',
      'package-lock.json is missing or damaged',
      'git checkout package-lock.json',
    )
  for (const [path, entry] of Object.entries(wanted)) {
    if (!path.startsWith('node_modules/')) continue
    const found = installed[path]
    // Packages for other systems are in the lockfile and never on this disk.
    if (found === undefined && (entry.optional || entry.devOptional || entry.peer)) continue
    const same =
      found !== undefined &&
      found.version === entry.version &&
      Boolean(found.link) === Boolean(entry.link)
    if (!same)
      return `${path.slice('node_modules/'.length)} is not installed as package-lock.json says`
  }
  return undefined
}

function readLock(root, path) {
  try {
    return JSON.parse(readFileSync(join(root, path), 'utf8')).packages
  } catch {
    return undefined
  }
}
