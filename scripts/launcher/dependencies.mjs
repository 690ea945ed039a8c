import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { LauncherError, log } from './error.mjs'
import { requireSpace, writeProblem } from './folders.mjs'
import { withLock } from './lock.mjs'
import { npmCi } from './npm.mjs'

/** Measured: 530 MB of packages, and npm's own cache of them. */
const NEEDS_BYTES = 700_000_000

/** Runs `npm ci` unless the installed packages match package-lock.json. */
export async function installDependencies(root) {
  if (installProblem(root) === undefined) return
  const onWait = () =>
    log('threshold: another process is installing the dependencies, waiting for it…')
  await withLock('install', root, onWait, async (lock) => {
    // Another process may have installed them while this one waited for the lock.
    const problem = installProblem(root)
    if (problem !== undefined) await install(root, problem, lock)
  })
}

async function install(root, problem, lock) {
  for (const folder of [root, join(root, 'node_modules')]) {
    const reason = writeProblem(folder)
    if (reason === undefined) continue
    throw new LauncherError(
      'NOT_WRITABLE',
      `${problem}, and they cannot be installed: ${folder}: ${reason}`,
      `sudo chown -R "$(id -un)" ${root}, or clone the repository into a folder of your own`,
    )
  }
  requireSpace(
    root,
    NEEDS_BYTES,
    'installing the dependencies',
    'free some space, then run the same command again',
  )
  log(`threshold: ${problem}; running npm ci, a minute or two…`)
  const started = Date.now()
  await npmCi(root, [], lock, () => packagesHere(root))
  const remaining = installProblem(root)
  if (remaining !== undefined)
    throw new LauncherError(
      'NPM_CI_INCOMPLETE',
      `npm ci succeeded, and yet ${remaining}`,
      'rm -rf node_modules && npm ci --include=dev --include=optional',
    )
  log(`threshold: dependencies installed in ${Math.round((Date.now() - started) / 1000)} s`)
}

/** How many packages npm has unpacked: `120 of 660 packages`. */
function packagesHere(root) {
  const paths = Object.entries(readPackages(root, 'package-lock.json') ?? {}).filter(
    ([path, { link, os, cpu }]) =>
      path.includes('node_modules/') &&
      !link &&
      (os?.includes(process.platform) ?? true) &&
      (cpu?.includes(process.arch) ?? true),
  )
  const done = paths.filter(([path]) => existsSync(join(root, path, 'package.json'))).length
  return done === 0 ? undefined : `${done} of ${paths.length} packages`
}

/**
 * Compares package-lock.json with the lockfile in node_modules, which npm writes only when it has
 * finished. This detects an interrupted install and a changed lockfile, and accepts an `npm
 * install` done by hand.
 */
function installProblem(root) {
  const installed = readPackages(root, 'node_modules/.package-lock.json')
  if (installed === undefined) return 'the dependencies are not installed yet'
  const wanted = readPackages(root, 'package-lock.json')
  if (wanted === undefined)
    throw new LauncherError(
      'NO_LOCKFILE',
      'package-lock.json is missing or damaged',
      'git checkout package-lock.json',
    )
  for (const [path, entry] of Object.entries(wanted)) {
    if (!path.startsWith('node_modules/')) continue
    const found = installed[path]
    // npm does not install packages for other systems, though the lockfile lists them.
    if (found === undefined && (entry.optional || entry.devOptional || entry.peer)) continue
    const matches =
      found !== undefined &&
      found.version === entry.version &&
      Boolean(found.link) === Boolean(entry.link)
    if (!matches)
      return `${path.slice('node_modules/'.length)} is not installed as package-lock.json says`
  }
  return undefined
}

function readPackages(root, path) {
  try {
    return JSON.parse(readFileSync(join(root, path), 'utf8')).packages
  } catch {
    return undefined
  }
}
