import fs, { accessSync, constants, mkdirSync, statSync } from 'node:fs'
import { userInfo } from 'node:os'
import { dirname, isAbsolute, join, resolve } from 'node:path'
import { LauncherError, log, reasonOf } from './error.mjs'

const CACHE_NEXT = 'set THRESHOLD_CACHE to a folder that you can write in'

/**
 * The folder for everything that is fetched once, or undefined without a home folder. Must give the
 * same result as infra/engines/src/config.ts. A relative XDG_CACHE_HOME is invalid by its
 * specification, and is ignored.
 */
export function cacheFolder(env = process.env) {
  const { THRESHOLD_CACHE: own, XDG_CACHE_HOME: caches } = env
  if (own) return resolve(own)
  if (caches && isAbsolute(caches)) return join(caches, 'threshold')
  const home = homeFolder(env)
  return home === undefined ? undefined : join(home, '.cache', 'threshold')
}

/**
 * Makes a relative THRESHOLD_CACHE absolute, so that processes with other working folders use the
 * same cache.
 */
export function resolveCacheFolder(env = process.env) {
  const { THRESHOLD_CACHE: own, XDG_CACHE_HOME: caches } = env
  if (own) env.THRESHOLD_CACHE = resolve(own)
  else if (caches && !isAbsolute(caches)) {
    const used = cacheFolder(env) ?? 'missing'
    log(
      `threshold: XDG_CACHE_HOME is ${caches}, not an absolute path; ` +
        `the cache is ${used} (set THRESHOLD_CACHE for another)`,
    )
  }
}

export function homeFolder(env = process.env) {
  if (env.HOME && isAbsolute(env.HOME)) return env.HOME
  try {
    return userInfo().homedir || undefined
  } catch {
    return undefined // this user has no entry in the system's list of users
  }
}

/** Returns the cache folder after making sure that it exists and is writable. */
export function requireCache() {
  const folder = cacheFolder()
  if (folder === undefined)
    throw new LauncherError(
      'CACHE_UNUSABLE',
      'there is no home folder to keep the cache in',
      CACHE_NEXT,
    )
  const reason = writeProblem(folder)
  if (reason !== undefined)
    throw new LauncherError(
      'CACHE_UNUSABLE',
      `the cache folder ${folder} cannot be used: ${reason}`,
      CACHE_NEXT,
    )
  return folder
}

/** Creates the folder if needed. Returns why it cannot be written in, or undefined if it can. */
export function writeProblem(folder) {
  try {
    mkdirSync(folder, { recursive: true })
    accessSync(folder, constants.W_OK | constants.X_OK)
    return undefined
  } catch (mkdirError) {
    const error = accessError(folder, mkdirError)
    const owner = ownerOf(folder)
    const foreign =
      ['EACCES', 'EPERM'].includes(error.code) &&
      owner !== undefined &&
      owner !== process.getuid?.()
    return foreign ? `${reasonOf(error)}, it belongs to user ${owner}` : reasonOf(error)
  }
}

/**
 * A recursive `mkdir` on a read-only disk fails with ENOENT. The nearest existing parent gives the
 * real reason.
 */
function accessError(folder, mkdirError) {
  try {
    accessSync(folder, constants.W_OK)
    return mkdirError
  } catch (error) {
    if (error.code !== 'ENOENT') return mkdirError.code === 'ENOENT' ? error : mkdirError
    return dirname(folder) === folder ? mkdirError : accessError(dirname(folder), mkdirError)
  }
}

/** The owner of the folder, or of its nearest parent that exists. */
function ownerOf(folder) {
  try {
    return statSync(folder).uid
  } catch {
    return dirname(folder) === folder ? undefined : ownerOf(dirname(folder))
  }
}

/** Throws DISK_FULL when the disk of an existing folder has too little space for `purpose`. */
export function requireSpace(folder, needBytes, purpose, next) {
  const { bavail, bsize } = fs.statfsSync(folder)
  const free = bavail * bsize
  if (free >= needBytes) return
  const [need, left] = [needBytes, free].map((bytes) => `${Math.floor(bytes / 1_000_000)} MB`)
  throw new LauncherError(
    'DISK_FULL',
    `${purpose} needs ${need} of disk, and ${left} are left in ${folder}`,
    next,
  )
}
