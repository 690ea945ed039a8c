import fs, { accessSync, constants, mkdirSync, statSync } from 'node:fs'
import { userInfo } from 'node:os'
import { dirname, isAbsolute, join, resolve } from 'node:path'
import { Failure, reasonOf, say } from './failure.mjs'

const CACHE_NEXT = 'set THRESHOLD_CACHE to a folder that you can write in'

/**
 * The folder for everything that is fetched once, as infra/engines/src/config.ts finds it;
 * undefined without a home folder. A relative XDG_CACHE_HOME is invalid, by its specification, and
 * is passed over.
 */
export function cacheFolder(env = process.env) {
  const { THRESHOLD_CACHE: own, XDG_CACHE_HOME: caches } = env
  if (own) return resolve(own)
  if (caches && isAbsolute(caches)) return join(caches, 'threshold')
  const home = homeFolder(env)
  return home === undefined ? undefined : join(home, '.cache', 'threshold')
}

/**
 * Makes a relative cache absolute for every process started from here, each in a folder of its own.
 */
export function settleCache(env = process.env) {
  const { THRESHOLD_CACHE: own, XDG_CACHE_HOME: caches } = env
  if (own) env.THRESHOLD_CACHE = resolve(own)
  else if (caches && !isAbsolute(caches)) {
    const used = cacheFolder(env) ?? 'missing'
    say(
      `threshold: XDG_CACHE_HOME is ${caches}, no absolute path; the cache is ${used} (THRESHOLD_CACHE names another)`,
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

/** The cache folder, there and writable. */
export function requireCache() {
  const folder = cacheFolder()
  if (folder === undefined)
    throw new Failure('CACHE_UNUSABLE', 'there is no home folder to keep the cache in', CACHE_NEXT)
  const why = whyNotWritable(folder)
  if (why !== undefined)
    throw new Failure(
      'CACHE_UNUSABLE',
      `the cache folder ${folder} cannot be used: ${why}`,
      CACHE_NEXT,
    )
  return folder
}

/** Undefined for a folder that exists, or can be made, and takes files. */
export function whyNotWritable(folder) {
  try {
    mkdirSync(folder, { recursive: true })
    accessSync(folder, constants.W_OK | constants.X_OK)
    return undefined
  } catch (made) {
    const error = whyClosed(folder, made)
    const owner = ownerOf(folder)
    const foreign =
      ['EACCES', 'EPERM'].includes(error.code) &&
      owner !== undefined &&
      owner !== process.getuid?.()
    return foreign ? `${reasonOf(error)}, it belongs to user ${owner}` : reasonOf(error)
  }
}

/**
 * `mkdir` of several folders says ENOENT where the first of them met a read-only disk: what is
 * there already says why.
 */
function whyClosed(folder, otherwise) {
  try {
    accessSync(folder, constants.W_OK)
    return otherwise
  } catch (error) {
    if (error.code !== 'ENOENT') return otherwise.code === 'ENOENT' ? error : otherwise
    return dirname(folder) === folder ? otherwise : whyClosed(dirname(folder), otherwise)
  }
}

/** Answers the owner of the folder, or of the nearest parent that exists. */
function ownerOf(folder) {
  try {
    return statSync(folder).uid
  } catch {
    return dirname(folder) === folder ? undefined : ownerOf(dirname(folder))
  }
}

/** Before anything is fetched into a folder that exists. */
export function requireSpace(folder, needBytes, what, next) {
  const { bavail, bsize } = fs.statfsSync(folder)
  const free = bavail * bsize
  if (free >= needBytes) return
  const [need, left] = [needBytes, free].map((bytes) => `${Math.floor(bytes / 1_000_000)} MB`)
  throw new Failure(
    'DISK_FULL',
    `${what} needs ${need} of disk, and ${left} are left in ${folder}`,
    next,
  )
}
