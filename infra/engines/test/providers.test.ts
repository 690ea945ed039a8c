import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { mkdir, readFile, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { toolDir } from '../src/cache.ts'
import { fetchMongod, memoryServer } from '../src/mongodb/memory-server.ts'
import { MONGO_PROVIDERS, type StartMongoOptions, startMongo } from '../src/mongodb/start.ts'
import { which } from '../src/process/which.ts'
import { noProgress } from '../src/progress.ts'
import { leaseDatabase } from '../src/testing/index.ts'
import { TOOLS, VERSIONS } from '../src/versions.ts'
import { emptyCache, folder, setEnvironment, site } from './machine.ts'

/** Nothing but what a test puts there: no tool, no cache, no home, and a mirror of its own. */
async function bareMachine(use: AsyncDisposableStack, mirror: string): Promise<{ path: string }> {
  await emptyCache(use)
  const [path, home] = [await folder(use), await folder(use)]
  setEnvironment(use, {
    PATH: path,
    HOME: home,
    XDG_CACHE_HOME: home,
    THRESHOLD_MONGODB_URI: undefined,
    THRESHOLD_MONGODB_MIRROR: mirror,
  })
  return { path }
}

const nowhere = (use: AsyncDisposableStack) => site(use, () => ({ status: 404 }))

async function linesOf(options: StartMongoOptions): Promise<{ lines: string[]; error: unknown }> {
  const lines: string[] = []
  const error = await startMongo({ ...options, onProgress: ({ text }) => lines.push(text) }).catch(
    (reason: unknown) => reason,
  )
  return { lines, error }
}

describe('providers of MongoDB', () => {
  it('are tried in the order of the design: address, Docker, mongod, its download, and only then what stands in', () => {
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

  it('say each in one line why they cannot, and all of it again when none can, with what to do', async () => {
    await using use = new AsyncDisposableStack()
    const mirror = await nowhere(use)
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

  it('that are broken are passed over like those that are missing', async () => {
    await using use = new AsyncDisposableStack()
    const no = await which('false')
    const { path } = await bareMachine(use, (await nowhere(use)).url)
    for (const name of ['mongod', 'cargo', 'cmake', 'cc', 'python3'])
      await symlink(no!, join(path, name))
    const { lines } = await linesOf({ provider: 'native', prefer: 'lab' })
    expect(lines[0]).toMatch(/^mongod on PATH: Command failed/)
    expect(lines.slice(2)).toEqual([
      'SecantusDB, Rust build (stand-in): cargo is installed, but cargo --version fails',
      'SecantusDB, Python wheel (stand-in): python3 cannot make virtual environments (no ensurepip)',
    ])
  })

  it('that take no cache as small as is wanted are passed over for those that do', async () => {
    await using use = new AsyncDisposableStack()
    await bareMachine(use, (await nowhere(use)).url)
    const { lines } = await linesOf({ provider: 'native', cacheMb: 16 })
    expect(lines.slice(0, 2)).toEqual(
      ['mongod on PATH', "mongodb-memory-server's mongod"].map(
        (name) => `${name}: needs at least 256 MB of cache, and 16 MB are requested`,
      ),
    )
    expect(lines[2]).toMatch(/^SecantusDB/)
  })

  it('refuse an option that leaves only one with its own error', async () => {
    await using use = new AsyncDisposableStack()
    await bareMachine(use, (await nowhere(use)).url)
    await expect(startMongo({ native: 'mongod' })).rejects.toMatchObject({ code: 'NO_MONGODB' })
  })
})

describe("an engine of the user's own", () => {
  it('is taken before all others, and refuses what only its owner may do', async () => {
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
    // Letting go of it is all that stop does.
    expect((await startMongo({ provider: 'external' })).state()).toBe('running')
  })

  it('that does not answer is named by its variable, its password kept', async () => {
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

describe("mongod's download", () => {
  const BINARY = '#!/bin/sh\n'
  /** An archive as MongoDB publishes it, with its digest beside it. */
  async function published(use: AsyncDisposableStack, digest?: string) {
    const dir = await folder(use)
    await mkdir(join(dir, 'mongodb-1', 'bin'), { recursive: true })
    await writeFile(join(dir, 'mongodb-1', 'bin', 'mongod'), BINARY, { mode: 0o755 })
    execFileSync('tar', ['-czf', join(dir, 'mongod.tgz'), '-C', dir, 'mongodb-1'])
    const archive = await readFile(join(dir, 'mongod.tgz'))
    const line = `${digest ?? createHash('sha256').update(archive).digest('hex')}  mongod.tgz\n`
    return await site(use, (path) => ({
      status: 200,
      body: path.endsWith('.sha256') ? line : archive,
    }))
  }

  it('is checked against the published digest, and then is whole', async () => {
    await using use = new AsyncDisposableStack()
    await emptyCache(use)
    setEnvironment(use, { THRESHOLD_MONGODB_MIRROR: (await published(use)).url })
    const binary = await fetchMongod('quick', noProgress)
    expect(await readFile(binary, 'utf8')).toBe(BINARY)
    expect((await memoryServer.available('quick')).usable).toBe(true)
  })

  it('is thrown away when it is not what was published', async () => {
    await using use = new AsyncDisposableStack()
    await emptyCache(use)
    setEnvironment(use, { THRESHOLD_MONGODB_MIRROR: (await published(use, '0'.repeat(64))).url })
    await expect(fetchMongod('quick', noProgress)).rejects.toMatchObject({
      code: 'DIGEST_MISMATCH',
    })
    expect(existsSync(toolDir(TOOLS.mongod))).toBe(false)
  })

  it('is not asked for again on the same day by those whom the mirror refused', async () => {
    await using use = new AsyncDisposableStack()
    const mirror = await nowhere(use)
    await bareMachine(use, mirror.url)
    const first = await memoryServer.available('quick')
    const second = await memoryServer.available('lab')
    expect([first, second]).toMatchObject([
      { usable: false },
      { usable: false, why: expect.stringContaining('(tried earlier today)') },
    ])
    expect(mirror.asked).toHaveLength(1)
  })
})
