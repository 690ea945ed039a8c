import { createHash } from 'node:crypto'
import { createWriteStream } from 'node:fs'
import { copyFile, mkdir, readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { Readable, Transform } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { CodedError, messageOf } from '@threshold/kit'
import { DryMongoBinary } from 'mongodb-memory-server-core'
import { MongoBinaryDownloadUrl } from 'mongodb-memory-server-core/lib/util/MongoBinaryDownloadUrl.js'
import { installTool } from '../cache.ts'
import { runCommand } from '../process/command.ts'
import type { OnProgress } from '../progress.ts'
import { TOOLS, VERSIONS } from '../versions.ts'

const MEGABYTE = 1_000_000

export const MIRROR_NEXT =
  'allow the mirror in your network, or set THRESHOLD_MONGODB_MIRROR to one that you can reach'

const downloadFailed = (message: string, cause?: unknown): CodedError =>
  new CodedError('DOWNLOAD_FAILED', message, { cause, next: MIRROR_NEXT })

/** The URL of the archive for this system. mongodb-memory-server provides the archive's name. */
export async function mongodUrl(mirror: string): Promise<string> {
  const url = new MongoBinaryDownloadUrl(
    await DryMongoBinary.generateOptions({ version: VERSIONS.mongodb }),
  )
  return `${mirror}/${url.platform}/${await url.getArchiveName()}`
}

/**
 * Installs mongod in the cache, unless it is there, and returns the path of the binary. Throws
 * DOWNLOAD_FAILED or DIGEST_MISMATCH.
 *
 * mongodb-memory-server's own download is not used: it prints its progress to stdout, has no limit
 * for the total time, and checks no digest by default.
 */
export async function downloadMongod(
  mirror: string,
  timeoutMs: number,
  onProgress: OnProgress,
): Promise<string> {
  const url = await mongodUrl(mirror)
  const dir = await installTool(
    TOOLS.mongod,
    async (into) => {
      const archive = join(into, 'mongod.tgz')
      const signal = AbortSignal.timeout(timeoutMs)
      const [digest, expected] = await Promise.all([
        saveAndHash(url, archive, signal, onProgress),
        publishedDigest(`${url}.sha256`, signal),
      ])
      if (digest !== expected)
        throw new CodedError(
          'DIGEST_MISMATCH',
          `${url} has SHA-256 ${digest}, but MongoDB published ${expected}`,
          { next: MIRROR_NEXT },
        )
      const unpacked = join(into, 'unpacked')
      await mkdir(unpacked)
      await runCommand({ title: 'tar', command: 'tar', args: ['-xzf', archive, '-C', unpacked] })
      const [top = ''] = await readdir(unpacked)
      await mkdir(join(into, 'bin'))
      await copyFile(join(unpacked, top, 'bin', 'mongod'), join(into, 'bin', 'mongod'))
      await Promise.all([rm(archive), rm(unpacked, { recursive: true })])
    },
    onProgress,
  )
  return join(dir, 'bin', 'mongod')
}

/** Saves the response to the file, and returns its SHA-256. */
async function saveAndHash(
  url: string,
  file: string,
  signal: AbortSignal,
  onProgress: OnProgress,
): Promise<string> {
  const text = `downloading MongoDB ${VERSIONS.mongodb}, in MB`
  try {
    const response = await fetch(url, { signal })
    if (!response.ok || response.body === null)
      throw downloadFailed(`${url} answers ${response.status}`)
    const total = Math.round(Number(response.headers.get('content-length') ?? 0) / MEGABYTE)
    const hash = createHash('sha256')
    let bytes = 0
    let shownMegabytes = -1
    const counter = new Transform({
      transform(chunk: Buffer, _encoding, done) {
        hash.update(chunk)
        bytes += chunk.length
        const megabytes = Math.floor(bytes / MEGABYTE)
        if (megabytes !== shownMegabytes)
          onProgress(
            total > 0 ? { text, done: megabytes, total } : { text: `${text}: ${megabytes}` },
          )
        shownMegabytes = megabytes
        done(null, chunk)
      },
    })
    await pipeline(Readable.fromWeb(response.body), counter, createWriteStream(file), { signal })
    return hash.digest('hex')
  } catch (error) {
    throw error instanceof CodedError ? error : downloadFailed(`${url}: ${messageOf(error)}`, error)
  }
}

/**
 * Reads `<hex>  <file name>`, the format of sha256sum. The digest comes from the same mirror as the
 * archive, so it detects a damaged download, and not a malicious mirror.
 */
async function publishedDigest(url: string, signal: AbortSignal): Promise<string> {
  try {
    const response = await fetch(url, { signal })
    const hex = /^[0-9a-f]{64}/.exec(await response.text())?.[0]
    if (response.ok && hex !== undefined) return hex
    throw downloadFailed(`${url} contains no digest`)
  } catch (error) {
    throw error instanceof CodedError ? error : downloadFailed(`${url}: ${messageOf(error)}`, error)
  }
}
