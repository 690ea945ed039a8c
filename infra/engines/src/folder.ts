import { constants } from 'node:fs'
import { access, mkdir, readdir, stat, statfs } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { CodedError, hasCode, messageOf } from '@threshold/kit/errors'
import { enginesConfig } from './config.ts'

const MEGABYTE = 1_000_000

const REASONS: Readonly<Record<string, string>> = {
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

/**
 * Why no files can be put into a folder; undefined for one that takes them. Makes the folder if it
 * is missing.
 */
async function unwritableReason(folder: string): Promise<string | undefined> {
  try {
    await mkdir(folder, { recursive: true })
    await access(folder, constants.W_OK | constants.X_OK)
    return undefined
  } catch (made) {
    const error = await rootCause(folder, made)
    const code = hasErrno(error) ? error.code : undefined
    const why =
      code === undefined ? messageOf(error) : `${REASONS[code] ?? messageOf(error)} (${code})`
    const owner = await ownerOf(folder)
    const closed = code === 'EACCES' || code === 'EPERM'
    return closed && owner !== process.getuid?.() ? `${why}, it belongs to user ${owner}` : why
  }
}

export const isWritable = async (folder: string): Promise<boolean> =>
  (await unwritableReason(folder)) === undefined

const hasErrno = (error: unknown): error is Error & { readonly code: string } =>
  error instanceof Error && 'code' in error && typeof error.code === 'string'

/**
 * `mkdir` of several folders says ENOENT where the first of them met a read-only disk: what is
 * there already says why.
 */
async function rootCause(folder: string, otherwise: unknown): Promise<unknown> {
  try {
    await access(folder, constants.W_OK)
    return otherwise
  } catch (error) {
    const missing = hasErrno(error) && error.code === 'ENOENT'
    if (!missing) return hasErrno(otherwise) && otherwise.code !== 'ENOENT' ? otherwise : error
    return dirname(folder) === folder ? otherwise : await rootCause(dirname(folder), otherwise)
  }
}

/** Answers the owner of the folder, or of the nearest parent that exists. */
async function ownerOf(folder: string): Promise<number> {
  try {
    return (await stat(folder)).uid
  } catch {
    return dirname(folder) === folder ? 0 : await ownerOf(dirname(folder))
  }
}

/** Checked before a command starts anything: a result that cannot be kept is worth no minutes. */
export async function requireWritable(folder: string, what: string, next: string): Promise<void> {
  const why = await unwritableReason(folder)
  if (why !== undefined)
    throw new CodedError('NOT_WRITABLE', `${what} cannot be written in ${folder}: ${why}`, { next })
}

export const CACHE_NEXT = 'set THRESHOLD_CACHE to a folder that you can write in'

/**
 * Returns the cache folder, there and writable, with the folders in it that every command writes
 * in.
 */
export async function requireCache(): Promise<string> {
  const cache = enginesConfig().cacheDir
  const why = await cacheProblem()
  if (why !== undefined) throw new CodedError('CACHE_UNUSABLE', why, { next: CACHE_NEXT })
  return cache
}

/** In words; undefined for a cache that is in order. */
export async function cacheProblem(): Promise<string | undefined> {
  const cache = enginesConfig().cacheDir
  // A class path and a Python environment take no colon.
  if (cache.includes(':'))
    return `the cache folder ${cache} cannot be used: there is a colon in its path`
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

/** On the disk of a folder, or of the nearest above it that exists. */
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
  'free some space (npx threshold reset removes what runs left), or set THRESHOLD_CACHE to a folder on another disk'

/** Says how much space the disk of a folder lacks; undefined when it has enough. */
export async function diskProblem(
  folder: string,
  needMb: number,
  what: string,
): Promise<string | undefined> {
  const free = await freeBytes(folder)
  if (free >= needMb * MEGABYTE) return undefined
  return `the disk is full: ${what} needs ${needMb} MB, and ${Math.floor(free / MEGABYTE)} MB are left in ${folder}`
}

export async function requireDisk(
  folder: string,
  needMb: number,
  what: string,
  next: string = DISK_NEXT,
): Promise<void> {
  const why = await diskProblem(folder, needMb, what)
  if (why !== undefined) throw new CodedError('DISK_FULL', why, { next })
}

const FULL = /ENOSPC|EDQUOT|no space left|disk quota exceeded|disk full/i

/** A program that met a full disk says so in words of its own, if at all. */
export const looksFull = (error: unknown): boolean =>
  !hasCode(error, 'DISK_FULL') && FULL.test(messageOf(error))

/** An engine that only lacks room, or a cache, is nearer than one that has to be installed. */
export const remedyOf = (refusals: readonly { readonly next: string | undefined }[]): string =>
  [DISK_NEXT, CACHE_NEXT].find((remedy) => refusals.some(({ next }) => next === remedy)) ??
  'npx threshold doctor'
