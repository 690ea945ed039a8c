import { mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { CodedError, messageOf } from '@threshold/kit'
import { DryMongoBinary } from 'mongodb-memory-server-core'
import { cacheDir, checkSpace, checkToolSpace, isInstalled, toolDir } from '../cache.ts'
import { enginesConfig } from '../config.ts'
import { type Preference, unusable } from '../engine.ts'
import type { OnProgress } from '../progress.ts'
import { TOOLS, VERSIONS } from '../versions.ts'
import { startMongod } from './mongod.ts'
import { downloadMongod, MIRROR_NEXT, mongodUrl } from './mongod-download.ts'
import { MONGOD_MIN_CACHE_MB, MONGOD_MIN_DISK_MB, type MongoProvider } from './provider.ts'

/** The time limit for the mirror's first answer. A closed network often gives none. */
const PROBE_TIMEOUT_MS = 2_500
const MINUTE_MS = 60_000
/**
 * How long a failure is remembered. A probe costs a start 2.5 s, and a network may open within
 * minutes. A download that was too slow costs 45 s, and is as slow an hour later.
 */
const REMEMBER_MS = { probe: 10 * MINUTE_MS, download: 24 * 60 * MINUTE_MS }
/** A first run falls back to a stand-in if the network is slow. A lab waits for the real product. */
const DOWNLOAD_TIMEOUT_MS: Record<Preference, number> = { quick: 45_000, lab: 600_000 }

/**
 * A mongod from Threshold's cache or the cache of mongodb-memory-server, or else a new download. It
 * keeps its data on disk, like any other mongod.
 */
export const memoryServer: MongoProvider = {
  provider: 'native',
  native: 'memory-server',
  name: "mongodb-memory-server's mongod",
  minCacheMb: MONGOD_MIN_CACHE_MB,

  async available(prefer) {
    if ((await findMongod()) !== undefined) return await checkSpace('mongod', MONGOD_MIN_DISK_MB)
    const { mongodbMirror } = enginesConfig()
    const remembered = await readProbeFailure(mongodbMirror, prefer)
    if (remembered !== undefined) return unusable(remembered, MIRROR_NEXT)
    const url = await mongodUrl(mongodbMirror).catch(() => undefined)
    if (url === undefined)
      return unusable(
        `there is no MongoDB ${VERSIONS.mongodb} for this system`,
        'use Docker, or set THRESHOLD_MONGODB_URI',
      )
    try {
      const response = await fetch(url, {
        method: 'HEAD',
        signal: AbortSignal.timeout(PROBE_TIMEOUT_MS),
      })
      if (response.ok) return await checkToolSpace(TOOLS.mongod, MONGOD_MIN_DISK_MB)
      return await rememberUnreachable(
        mongodbMirror,
        `${mongodbMirror} answers ${response.status} for MongoDB ${VERSIONS.mongodb}`,
      )
    } catch (error) {
      return await rememberUnreachable(
        mongodbMirror,
        `${mongodbMirror} cannot be reached: ${fetchFailure(error)}`,
      )
    }
  },

  async start(options) {
    const present = await findMongod()
    if (present !== undefined) return await startMongod(present, options)
    return await startMongod(await fetchMongod(options.prefer, options.onProgress), options)
  },
}

/**
 * Downloads mongod, within the time limit of the preference. Remembers a failed download, so that
 * the next start does not try again.
 */
export async function fetchMongod(prefer: Preference, onProgress: OnProgress): Promise<string> {
  const { mongodbMirror } = enginesConfig()
  try {
    return await downloadMongod(mongodbMirror, DOWNLOAD_TIMEOUT_MS[prefer], onProgress)
  } catch (error) {
    if (error instanceof CodedError && error.code === 'DOWNLOAD_FAILED')
      await writeProbeFailure(mongodbMirror, error.message, prefer)
    throw error
  }
}

/** The path of a mongod binary that is already on this machine. */
export async function findMongod(): Promise<string | undefined> {
  if (await isInstalled(TOOLS.mongod)) return join(toolDir(TOOLS.mongod), 'bin', 'mongod')
  try {
    return await DryMongoBinary.locateBinary({ version: VERSIONS.mongodb })
  } catch {
    // It throws on systems that it has no MongoDB for, so it left no binary here.
    return undefined
  }
}

const probeFailureFile = (): string => join(cacheDir(), 'mongod-unreachable.json')

/**
 * Why a recent probe or download failed; undefined if none did. A start that reads this does not
 * wait for the time-out again.
 */
async function readProbeFailure(mirror: string, prefer: Preference): Promise<string | undefined> {
  try {
    const failure: unknown = JSON.parse(await readFile(probeFailureFile(), 'utf8'))
    if (
      typeof failure !== 'object' ||
      failure === null ||
      !('at' in failure) ||
      !('why' in failure) ||
      !('mirror' in failure)
    )
      return undefined
    // A download that was too slow for `quick` may finish within the time limit of `lab`.
    if ('prefer' in failure && failure.prefer === 'quick' && prefer === 'lab') return undefined
    const isDownload = 'prefer' in failure && failure.prefer !== undefined
    const age = Date.now() - Number(failure.at)
    const limit = isDownload ? REMEMBER_MS.download : REMEMBER_MS.probe
    if (failure.mirror !== mirror || age < 0 || age >= limit) return undefined
    return `${failure.why} (tried ${Math.round(age / MINUTE_MS)} min ago)`
  } catch {
    return undefined
  }
}

/**
 * `prefer` is the preference of a failed download, since its time limit depends on it. It is
 * undefined for a failed probe, which has one time limit.
 */
async function writeProbeFailure(mirror: string, why: string, prefer?: Preference): Promise<void> {
  try {
    await mkdir(cacheDir(), { recursive: true })
    await writeFile(
      probeFailureFile(),
      JSON.stringify({ v: 1, mirror, prefer, at: Date.now(), why }),
    )
  } catch {
    // The file only saves time. Commands that need the cache report that it cannot be written.
  }
}

async function rememberUnreachable(mirror: string, why: string) {
  await writeProbeFailure(mirror, why)
  return unusable(why, MIRROR_NEXT)
}

/** For a prefetch and the doctor: their user may just have opened the network. */
export async function forgetProbeFailure(): Promise<void> {
  await rm(probeFailureFile(), { force: true }).catch(() => {})
}

/** The message of a failed fetch is always "fetch failed". Its cause has the reason. */
const fetchFailure = (error: unknown): string =>
  error instanceof Error && error.cause instanceof Error && error.cause.message !== ''
    ? error.cause.message
    : messageOf(error)
