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
import { downloadMongod, mongodUrl } from './mongod-download.ts'
import { MONGOD_MIN_CACHE_MB, MONGOD_RUN_MB, type MongoProvider } from './provider.ts'

/**
 * How long a mirror may take to say that the file is there. A closed network often answers nothing
 * at all.
 */
const PROBE_MS = 2_500
const DAY_MS = 24 * 3_600_000
/** A first run does not wait for a slow line; a lab may. */
const DOWNLOAD_TIMEOUT_MS: Record<Preference, number> = { quick: 45_000, lab: 600_000 }

const NEXT =
  'allow the mirror in your network, or set THRESHOLD_MONGODB_MIRROR to one that you can reach'

/**
 * mongod as mongodb-memory-server would fetch it: the binary it left on this machine, else a
 * download of our own.
 */
export const memoryServer: MongoProvider = {
  provider: 'native',
  native: 'memory-server',
  name: "mongodb-memory-server's mongod",
  minCacheMb: MONGOD_MIN_CACHE_MB,

  async available(prefer) {
    if ((await findMongod()) !== undefined) return await checkSpace('mongod', MONGOD_RUN_MB)
    const { mongodbMirror } = enginesConfig()
    const remembered = await readProbeFailure(mongodbMirror, prefer)
    if (remembered !== undefined) return unusable(`${remembered} (asked earlier today)`, NEXT)
    const url = await mongodUrl(mongodbMirror).catch(() => undefined)
    if (url === undefined)
      return unusable(
        `there is no MongoDB ${VERSIONS.mongodb} for this system`,
        'use Docker, or set THRESHOLD_MONGODB_URI',
      )
    try {
      const answer = await fetch(url, { method: 'HEAD', signal: AbortSignal.timeout(PROBE_MS) })
      if (answer.ok) return await checkToolSpace(TOOLS.mongod, MONGOD_RUN_MB)
      return await refuse(
        mongodbMirror,
        `${mongodbMirror} answers ${answer.status} for MongoDB ${VERSIONS.mongodb}`,
      )
    } catch (error) {
      return await refuse(mongodbMirror, `${mongodbMirror} cannot be reached: ${reason(error)}`)
    }
  },

  async start(options) {
    const present = await findMongod()
    if (present !== undefined) return await startMongod(present, options)
    return await startMongod(await fetchMongod(options.prefer, options.onProgress), options)
  },
}

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

/** The binary if it is here already. */
export async function findMongod(): Promise<string | undefined> {
  if (await isInstalled(TOOLS.mongod)) return join(toolDir(TOOLS.mongod), 'bin', 'mongod')
  try {
    return await DryMongoBinary.locateBinary({ version: VERSIONS.mongodb })
  } catch {
    // It throws on systems it knows no MongoDB for; then it left none here either.
    return undefined
  }
}

const probeFailureFile = (): string => join(cacheDir(), 'mongod-unreachable.json')

/**
 * A closed network stays closed: asking at every start would cost each of them the whole time-out.
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
    // A line too slow for somebody in a hurry may do for a lab.
    if ('prefer' in failure && failure.prefer === 'quick' && prefer === 'lab') return undefined
    const age = Date.now() - Number(failure.at)
    return failure.mirror === mirror && age >= 0 && age < DAY_MS ? String(failure.why) : undefined
  } catch {
    return undefined
  }
}

/**
 * `prefer` is set when it was a matter of patience; a mirror that does not answer does so for
 * everybody.
 */
async function writeProbeFailure(mirror: string, why: string, prefer?: Preference): Promise<void> {
  try {
    await mkdir(cacheDir(), { recursive: true })
    await writeFile(
      probeFailureFile(),
      JSON.stringify({ v: 1, mirror, prefer, at: Date.now(), why }),
    )
  } catch {
    // A cache that cannot be written is told of where it is needed; the note only saves time.
  }
}

async function refuse(mirror: string, why: string) {
  await writeProbeFailure(mirror, why)
  return unusable(why, NEXT)
}

/** Forgets an earlier failure: whoever asks for a prefetch has perhaps just opened the network. */
export async function forgetProbeFailure(): Promise<void> {
  await rm(probeFailureFile(), { force: true }).catch(() => {})
}

/** fetch says only "fetch failed"; what happened is in the cause. */
const reason = (error: unknown): string =>
  error instanceof Error && error.cause instanceof Error && error.cause.message !== ''
    ? error.cause.message
    : messageOf(error)
