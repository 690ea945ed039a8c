import { mkdir, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { userInfo } from 'node:os'
import { dirname, join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { cacheDir } from '@threshold/engines'
import { allTests } from '@threshold/engines/testing'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { type CommandOptions, LAUNCHER, ROOT, temporaryFolder } from './cli.ts'
import {
  expectFailure,
  hasNamespaces,
  inMounts,
  type LauncherFixture,
  launcherFixture,
} from './launcher-fixture.ts'
import { fetchOldNode } from './launcher-repository.ts'

const MINUTES = 120_000

describe('the launcher fetches Node', { timeout: MINUTES }, () => {
  const use = new AsyncDisposableStack()
  let fixture: LauncherFixture
  let oldNode: string
  beforeAll(async () => {
    fixture = use.use(await launcherFixture())
    oldNode = await fetchOldNode(use.use(await temporaryFolder()))
    await fixture.launch(fixture.repository)
  }, MINUTES)
  afterAll(() => use.disposeAsync())

  const launchOnOldNode = (env: NodeJS.ProcessEnv, options: CommandOptions = {}) =>
    fixture.launch(fixture.repository, { ...options, node: oldNode, env })

  it('in the version that .node-version names, for every system', async () => {
    const wanted = (await readFile(join(ROOT, '.node-version'), 'utf8')).trim()
    const source = await readFile(join(dirname(LAUNCHER), 'launcher', 'node.mjs'), 'utf8')
    const versions = [...source.matchAll(/^ {4}version: '(.*)',$/gm)].map(([, version]) => version)
    expect(versions).toEqual([wanted, wanted])
  })

  it.runIf(allTests())(
    'again where the one in the cache no longer starts, and leaves no draft behind',
    async () => {
      await using cache = await temporaryFolder()
      const env = { THRESHOLD_CACHE: cache.path }
      const first = await launchOnOldNode(env)
      expect(first.stderr).toContain('from npm, 52 MB, once')
      const nodeFolders = async (): Promise<string[]> =>
        (await readdir(cache.path)).filter((entry) => entry.startsWith('node-'))
      const [name = ''] = await nodeFolders()
      const bin = join(cache.path, name, 'bin', 'node')
      await rm(bin)
      await symlink('/nowhere', bin)
      await mkdir(join(cache.path, `${name}.draft-1`))
      const both = await Promise.all([launchOnOldNode(env), launchOnOldNode(env)])
      expect(both.map(({ stdout }) => stdout)).toEqual([first.stdout, first.stdout])
      expect(both.filter(({ stderr }) => stderr.includes('from npm, 52 MB, once'))).toHaveLength(1)
      expect(await nodeFolders()).toEqual([name])
    },
  )

  it.each([
    ['a file', async (path: string) => await writeFile(path, '')],
    ['a dangling link', async (path: string) => await symlink('/dev/null/nowhere', path)],
  ])('but not into a cache that is %s', async (_kind, create) => {
    await using folder = await temporaryFolder()
    const path = join(folder.path, 'cache')
    await create(path)
    const finished = await launchOnOldNode({ THRESHOLD_CACHE: path })
    expectFailure(finished, /^CACHE_UNUSABLE: the cache folder \/\S+ cannot be used: /m)
    expect(finished.stderr).toContain('THRESHOLD_CACHE')
  })

  it.runIf(hasNamespaces)(
    'but not onto a disk with 40 MB left (needs mount namespaces)',
    async () => {
      await using disk = await temporaryFolder()
      const under = inMounts(`mount -t tmpfs -o size=40m none ${disk.path}`)
      const finished = await launchOnOldNode({ THRESHOLD_CACHE: disk.path }, { under })
      expectFailure(
        finished,
        /^DISK_FULL: fetching Node \S+ needs \d+ MB of disk, and [34]\d MB are left in /m,
      )
      expect(finished.stderr).toContain('THRESHOLD_CACHE')
    },
  )

  it('and reports a registry that does not answer', async () => {
    await using cache = await temporaryFolder()
    const env = {
      THRESHOLD_CACHE: cache.path,
      npm_config_registry: 'http://127.0.0.1:9/',
      npm_config_cache: cache.path,
      npm_config_fetch_retries: '0',
    }
    expectFailure(
      await launchOnOldNode(env),
      /^NPM_UNREACHABLE: npm's registry cannot be reached: .*ECONNREFUSED/m,
    )
  })
})

describe('the cache folder', () => {
  const unset = { THRESHOLD_CACHE: undefined, XDG_CACHE_HOME: undefined }
  const inHome = join(userInfo().homedir, '.cache', 'threshold')

  it.each([
    [{ THRESHOLD_CACHE: '/a', XDG_CACHE_HOME: '/b', HOME: '/c' }, '/a'],
    [{ ...unset, XDG_CACHE_HOME: '/b', HOME: '/c' }, '/b/threshold'],
    [{ ...unset, XDG_CACHE_HOME: 'b', HOME: '/c' }, '/c/.cache/threshold'],
    [{ ...unset, HOME: '' }, inHome],
    [{ ...unset, HOME: 'c' }, inHome],
    [{ ...unset, HOME: undefined }, inHome],
    [{ ...unset, THRESHOLD_CACHE: 'a', HOME: '/c' }, join(process.cwd(), 'a')],
  ])('with %j is %s, for the launcher and for the engines', async (env, folder) => {
    const { href } = pathToFileURL(join(dirname(LAUNCHER), 'launcher', 'folders.mjs'))
    const { cacheFolder } = (await import(href)) as { cacheFolder(): string }
    for (const [name, value] of Object.entries(env)) vi.stubEnv(name, value)
    try {
      expect([cacheFolder(), cacheDir()]).toEqual([folder, folder])
    } finally {
      vi.unstubAllEnvs()
    }
  })
})
