import { constants } from 'node:fs'
import { access, mkdir, readdir, stat, statfs } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { CodedError, hasCode, messageOf } from '@threshold/kit/errors'
import { enginesConfig } from './config.ts'

const MEGABYTE = 1_000_000

const ERRNO_TEXTS: Readonly<Record<string, string>> = {
  EACCES: 'permission denied',
  EPERM: 'operation not permitted',
  EROFS: 'the file system is read-only',
  ENOSPC: 'no space is left on the disk',
  EDQUOT: 'the disk quota is used up',
  ENOTDIR: 'a part of the path is a file',
  EEXIST: 'it is a file',
  ENOENT: 'it cannot be made',
  ENAMETOOLONG: 'the path is too long',
  ELOOP: 'the path holds a loop of links',
}

/** Why a folder cannot be written; undefined if it can. Creates the folder if it is missing. */
async function unwritableReason(folder: string): Promise<string | undefined> {
  try {
    await mkdir(folder, { recursive: true })
    await access(folder, constants.W_OK | constants.X_OK)
    return undefined
  } catch (thrown) {
    const error = await rootCause(folder, thrown)
    const code = hasErrno(error) ? error.code : undefined
    const why =
      code === undefined ? messageOf(error) : `${ERRNO_TEXTS[code] ?? messageOf(error)} (${code})`
    const owner = await ownerOf(folder)
    const denied = code === 'EACCES' || code === 'EPERM'
    return denied && owner !== process.getuid?.() ? `${why}, it belongs to user ${owner}` : why
  }
}

/** Creates the folder if it is missing. */
export const isWritable = async (folder: string): Promise<boolean> =>
  (await unwritableReason(folder)) === undefined

const hasErrno = (error: unknown): error is Error & { readonly code: string } =>
  error instanceof Error && 'code' in error && typeof error.code === 'string'

/**
 * A recursive `mkdir` fails with ENOENT on a read-only disk. An access check of the nearest
 * existing parent then gives the real error.
 */
async function rootCause(folder: string, thrown: unknown): Promise<unknown> {
  try {
    await access(folder, constants.W_OK)
    return thrown
  } catch (error) {
    const missing = hasErrno(error) && error.code === 'ENOENT'
    if (!missing) return hasErrno(thrown) && thrown.code !== 'ENOENT' ? thrown : error
    return dirname(folder) === folder ? thrown : await rootCause(dirname(folder), thrown)
  }
}

/** The user id that owns the folder or its nearest existing parent. */
async function ownerOf(folder: string): Promise<number> {
  try {
    return (await stat(folder)).uid
  } catch {
    return dirname(folder) === folder ? 0 : await ownerOf(dirname(folder))
  }
}

/**
 * Throws NOT_WRITABLE if the folder cannot be written. Call it before a command spends minutes on a
 * result that it could not save.
 */
export async function requireWritable(folder: string, title: string, next: string): Promise<void> {
  const why = await unwritableReason(folder)
  if (why !== undefined)
    throw new CodedError('NOT_WRITABLE', `${title} cannot be written in ${folder}: ${why}`, {
      next,
    })
}

export const CACHE_NEXT = 'set THRESHOLD_CACHE to a folder that you can write in'

/**
 * Returns the cache folder, and creates it if it is missing. Throws CACHE_UNUSABLE if
 * `cacheProblem` finds a problem.
 */
export async function requireCache(): Promise<string> {
  const cache = enginesConfig().cacheDir
  const why = await cacheProblem()
  if (why !== undefined) throw new CodedError('CACHE_UNUSABLE', why, { next: CACHE_NEXT })
  return cache
}

/**
 * Why the cache folder cannot be used; undefined if it can. Its path must not contain a colon. It
 * must be writable, and so must the folders in it that every command writes to. Creates the cache
 * folder if it is missing.
 */
export async function cacheProblem(): Promise<string | undefined> {
  const cache = enginesConfig().cacheDir
  // Class paths and virtual environments cannot contain a colon.
  if (cache.includes(':'))
    return `the cache folder ${cache} cannot be used: its path contains a colon`
  for (const folder of [cache, ...(await existingFolders(cache, ['run', 'locks']))]) {
    const why = await unwritableReason(folder)
    if (why !== undefined) return `the cache folder ${folder} cannot be used: ${why}`
  }
  return undefined
}

async function existingFolders(folder: string, names: readonly string[]): Promise<string[]> {
  const found: string[] = await readdir(folder).catch(() => [])
  return names.filter((name) => found.includes(name)).map((name) => join(folder, name))
}

/** Free space on the disk of the folder or its nearest existing parent. */
export async function freeBytes(folder: string): Promise<number> {
  try {
    const { bavail, bsize } = await statfs(folder)
    return bavail * bsize
  } catch (error) {
    if (dirname(folder) === folder) throw error
    return await freeBytes(dirname(folder))
  }
}

export const DISK_NEXT =
  'free some space (npx threshold reset removes leftovers of earlier commands), ' +
  'or set THRESHOLD_CACHE to a folder on another disk'

/** Why the disk of a folder has too little space; undefined if it has enough. */
export async function diskProblem(
  folder: string,
  needMb: number,
  purpose: string,
): Promise<string | undefined> {
  const free = await freeBytes(folder)
  if (free >= needMb * MEGABYTE) return undefined
  const freeMb = Math.floor(free / MEGABYTE)
  return `the disk is full: ${purpose} needs ${needMb} MB, and ${freeMb} MB are left in ${folder}`
}

export async function requireDisk(
  folder: string,
  needMb: number,
  purpose: string,
  next: string = DISK_NEXT,
): Promise<void> {
  const why = await diskProblem(folder, needMb, purpose)
  if (why !== undefined) throw new CodedError('DISK_FULL', why, { next })
}

const FULL = /ENOSPC|EDQUOT|no space left|disk quota exceeded|disk full/i

/**
 * Recognizes a full disk by the error's text, since each program words it differently. False for
 * DISK_FULL, which already says so.
 */
export const looksFull = (error: unknown): boolean =>
  !hasCode(error, 'DISK_FULL') && FULL.test(messageOf(error))

/**
 * The next step to suggest if no engine can be started. Free disk space and another cache folder
 * are easier to provide than an installation, so they come first.
 */
export const remedyOf = (refusals: readonly { readonly next: string | undefined }[]): string =>
  [DISK_NEXT, CACHE_NEXT].find((remedy) => refusals.some(({ next }) => next === remedy)) ??
  'npx threshold doctor'
