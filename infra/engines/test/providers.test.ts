import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { mkdir, readFile, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it, vi } from 'vitest'
import { toolDir } from '../src/cache.ts'
import { fetchMongod, memoryServer } from '../src/mongodb/memory-server.ts'
import { MONGO_PROVIDERS, type StartMongoOptions, startMongo } from '../src/mongodb/start.ts'
import { which } from '../src/process/which.ts'
import { noProgress } from '../src/progress.ts'
import { leaseDatabase } from '../src/testing/index.ts'
import { TOOLS, VERSIONS } from '../src/versions.ts'
import {
  emptyCache,
  hasNamespaces,
  runOnSmallDisk,
  setEnvironment,
  startSite,
  tempFolder,
} from './helpers.ts'

/** A machine without tools, with an empty cache and home, and with its own mirror. */
async function bareMachine(use: AsyncDisposableStack, mirror: string): Promise<{ path: string }> {
  await emptyCache(use)
  const [path, home] = [await tempFolder(use), await tempFolder(use)]
  setEnvironment(use, {
    PATH: path,
    HOME: home,
    XDG_CACHE_HOME: home,
    THRESHOLD_MONGODB_URI: undefined,
    THRESHOLD_MONGODB_MIRROR: mirror,
  })
  return { path }
}

const emptySite = (use: AsyncDisposableStack) => startSite(use, () => ({ status: 404 }))

async function linesOf(options: StartMongoOptions): Promise<{ lines: string[]; error: unknown }> {
  const lines: string[] = []
  const error = await startMongo({ ...options, onProgress: ({ text }) => lines.push(text) }).catch(
    (reason: unknown) => reason,
  )
  return { lines, error }
}

describe('the providers of MongoDB', () => {
  it('are tried in this order: address, Docker, mongod, its download, stand-ins', () => {
    const order = MONGO_PROVIDERS.map(({ provider, native }) => native ?? provider)
    expect(order).toEqual([
      'external',
      'docker',
      'mongod',
      'memory-server',
      'secantus-rust',
      'secantus-python',
    ])
  })

  it('report their reasons in one line each, and all with help if none works', async () => {
    await using use = new AsyncDisposableStack()
    const mirror = await emptySite(use)
    await bareMachine(use, mirror.url)
    const { lines, error } = await linesOf({ provider: 'native' })
    expect(lines).toEqual([
      'mongod on PATH: no mongod on PATH',
      `mongodb-memory-server's mongod: ${mirror.url} answers 404 for MongoDB ${VERSIONS.mongodb}`,
      'SecantusDB, Rust build (stand-in): its Rust build is not in the cache, and building it takes minutes',
      'SecantusDB, Python wheel (stand-in): no python3 on PATH',
    ])
    expect(error).toMatchObject({ code: 'NO_MONGODB', next: 'npx threshold doctor' })
    for (const line of lines) expect((error as Error).message).toContain(line)
    expect((error as Error).message.match(/→ /g)).toHaveLength(4)
  })

  it('are skipped if they are broken', async () => {
    await using use = new AsyncDisposableStack()
    const failing = await which('false')
    const { path } = await bareMachine(use, (await emptySite(use)).url)
    for (const name of ['mongod', 'cargo', 'cmake', 'cc', 'python3'])
      await symlink(failing!, join(path, name))
    const { lines } = await linesOf({ provider: 'native', prefer: 'lab' })
    expect(lines[0]).toMatch(/^mongod on PATH: Command failed/)
    expect(lines.slice(2)).toEqual([
      'SecantusDB, Rust build (stand-in): cargo is installed, but cargo --version fails',
      'SecantusDB, Python wheel (stand-in): python3 cannot make virtual environments (no ensurepip)',
    ])
  })

  it('are skipped if their minimum cache is too large', async () => {
    await using use = new AsyncDisposableStack()
    await bareMachine(use, (await emptySite(use)).url)
    const { lines } = await linesOf({ provider: 'native', cacheMb: 16 })
    expect(lines.slice(0, 2)).toEqual(
      ['mongod on PATH', "mongodb-memory-server's mongod"].map(
        (name) => `${name}: needs at least 256 MB of cache, and 16 MB are requested`,
      ),
    )
    expect(lines[2]).toMatch(/^SecantusDB/)
  })

  it.runIf(hasNamespaces)(
    'fail with a hint about the disk if it has 90 MB left (needs mount namespaces)',
    async () => {
      await using use = new AsyncDisposableStack()
      const output = await runOnSmallDisk(use, 90, 'mongo-starter.ts')
      expect(output).toMatch(/^NO_MONGODB: /)
      expect(output).toMatch(/: the disk is full: secantusdb-py \S+ needs \d+ MB, and 9\d MB are/)
      expect(output).toMatch(/^→ free some space .* THRESHOLD_CACHE to a folder on another disk$/m)
    },
  )

  it('fail with their own error if an option selects only one', async () => {
    await using use = new AsyncDisposableStack()
    await bareMachine(use, (await emptySite(use)).url)
    await expect(startMongo({ native: 'mongod' })).rejects.toMatchObject({ code: 'NO_MONGODB' })
  })
})

describe("the user's own engine", () => {
  it('is preferred to all others, and refuses to be controlled', async () => {
    await using use = new AsyncDisposableStack()
    const { uri, label } = use.use(await leaseDatabase())
    setEnvironment(use, { THRESHOLD_MONGODB_URI: uri })
    const engine = use.use(await startMongo())
    expect(engine).toMatchObject({
      uri,
      pid: undefined,
      label: { provider: 'external', standIn: label.standIn && expect.any(String) },
    })
    const acts = [
      () => engine.kill(),
      () => engine.pause(),
      () => engine.resume(),
      () => engine.restart(),
      () => engine.scale(1),
    ]
    for (const act of acts)
      await expect(act()).rejects.toMatchObject({
        code: 'ENGINE_NOT_OURS',
        next: expect.stringContaining('--engine'),
      })
    expect(() => engine.limits()).toThrow(expect.objectContaining({ code: 'ENGINE_NOT_OURS' }))
    await engine.stop()
    // `stop` does not end an external engine.
    expect((await startMongo({ provider: 'external' })).state()).toBe('running')
  })

  it('is named by its variable, without its password, if it does not answer', async () => {
    await using use = new AsyncDisposableStack()
    setEnvironment(use, { THRESHOLD_MONGODB_URI: 'mongodb://ada:secret@127.0.0.1:1/chat' })
    const { lines, error } = await linesOf({ provider: 'external' })
    expect(lines).toEqual([
      expect.stringMatching(
        /^external: the server of THRESHOLD_MONGODB_URI does not answer: .*127\.0\.0\.1:1/,
      ),
    ])
    expect(lines.join() + String(error)).not.toContain('secret')
  })
})

describe('the download of mongod', () => {
  const BINARY = '#!/bin/sh\n'
  /** Serves an archive and its digest in MongoDB's format. */
  async function published(use: AsyncDisposableStack, digest?: string) {
    const dir = await tempFolder(use)
    await mkdir(join(dir, 'mongodb-1', 'bin'), { recursive: true })
    await writeFile(join(dir, 'mongodb-1', 'bin', 'mongod'), BINARY, { mode: 0o755 })
    execFileSync('tar', ['-czf', join(dir, 'mongod.tgz'), '-C', dir, 'mongodb-1'])
    const archive = await readFile(join(dir, 'mongod.tgz'))
    const line = `${digest ?? createHash('sha256').update(archive).digest('hex')}  mongod.tgz\n`
    return await startSite(use, (path) => ({
      status: 200,
      body: path.endsWith('.sha256') ? line : archive,
    }))
  }

  it('is checked against the published digest', async () => {
    await using use = new AsyncDisposableStack()
    await emptyCache(use)
    setEnvironment(use, { THRESHOLD_MONGODB_MIRROR: (await published(use)).url })
    const binary = await fetchMongod('quick', noProgress)
    expect(await readFile(binary, 'utf8')).toBe(BINARY)
    expect((await memoryServer.available('quick')).usable).toBe(true)
  })

  it('is discarded if its digest differs', async () => {
    await using use = new AsyncDisposableStack()
    await emptyCache(use)
    setEnvironment(use, { THRESHOLD_MONGODB_MIRROR: (await published(use, '0'.repeat(64))).url })
    await expect(fetchMongod('quick', noProgress)).rejects.toMatchObject({
      code: 'DIGEST_MISMATCH',
    })
    expect(existsSync(toolDir(TOOLS.mongod))).toBe(false)
  })

  it('is not tried again within ten minutes after the mirror failed', async () => {
    await using use = new AsyncDisposableStack()
    const mirror = await emptySite(use)
    await bareMachine(use, mirror.url)
    const first = await memoryServer.available('quick')
    const second = await memoryServer.available('lab')
    expect([first, second]).toMatchObject([
      { usable: false },
      { usable: false, why: expect.stringContaining('(tried 0 min ago)') },
    ])
    expect(mirror.requests).toHaveLength(1)
    vi.setSystemTime(Date.now() + 11 * 60_000)
    try {
      await memoryServer.available('quick')
      expect(mirror.requests).toHaveLength(2)
    } finally {
      vi.useRealTimers()
    }
  })

  it('that was too slow is not tried again on the same day', async () => {
    await using use = new AsyncDisposableStack()
    const mirror = await emptySite(use)
    await bareMachine(use, mirror.url)
    await expect(fetchMongod('quick', noProgress)).rejects.toMatchObject({
      code: 'DOWNLOAD_FAILED',
    })
    const requests = mirror.requests.length
    vi.setSystemTime(Date.now() + 23 * 3_600_000)
    try {
      expect((await memoryServer.available('quick')).usable).toBe(false)
      expect(mirror.requests).toHaveLength(requests)
      await memoryServer.available('lab')
      expect(mirror.requests).toHaveLength(requests + 1)
    } finally {
      vi.useRealTimers()
    }
  })
})
