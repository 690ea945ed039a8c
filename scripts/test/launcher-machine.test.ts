import { execFileSync, spawnSync } from 'node:child_process'
import {
  chmod,
  chown,
  cp,
  link,
  mkdir,
  readdir,
  readFile,
  rm,
  symlink,
  writeFile,
} from 'node:fs/promises'
import { userInfo } from 'node:os'
import { delimiter, dirname, join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { cacheDir } from '@threshold/engines'
import { allTests } from '@threshold/engines/testing'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import {
  type CommandOptions,
  type Finished,
  type Folder,
  LAUNCHER,
  ROOT,
  startCommand,
  temporaryFolder,
  threshold,
} from './cli.ts'
import { createRepository, fetchOldNode } from './launcher-repository.ts'

const MINUTES = 120_000
/** A user without rights, for what root may do everywhere. */
const NOBODY = 65_534
const isRoot = process.getuid?.() === 0
const hasNamespaces = isRoot && spawnSync('unshare', ['--mount', 'true']).status === 0

let use: AsyncDisposableStack
let tree: Folder
let node: string
beforeAll(async () => {
  use = new AsyncDisposableStack()
  tree = use.use(await createRepository())
  // Where another user may run it too.
  const bin = use.use(await temporaryFolder())
  await chmod(bin.path, 0o755)
  node = join(bin.path, 'node')
  await link(process.execPath, node).catch(() => cp(process.execPath, node))
}, MINUTES)
afterAll(() => use.disposeAsync())

/** The same tree without its dependencies, at a place of its own. */
async function freshTree(owner?: number): Promise<Folder> {
  const fresh = await temporaryFolder()
  await cp(tree.path, fresh.path, { recursive: true })
  await rm(join(fresh.path, 'node_modules'), { recursive: true, force: true })
  if (owner !== undefined) execFileSync('chown', ['-R', String(owner), fresh.path])
  return fresh
}

const launching = (at: Folder, options: CommandOptions = {}): CommandOptions => ({
  node,
  launcher: join(at.path, 'scripts', 'threshold.mjs'),
  cwd: at.path,
  ...options,
  env: {
    PATH: [dirname(node), '/usr/local/bin', '/usr/bin', '/bin'].join(delimiter),
    npm_execpath: '',
    ...options.env,
  },
})
const launch = (at: Folder, options?: CommandOptions): Promise<Finished> =>
  threshold(['tell'], launching(at, options))

/** A code, what happened and why, a command that helps, and no stack. */
function expectFailure({ code, stdout, stderr }: Finished, what: RegExp): void {
  expect(stderr).toMatch(what)
  expect(stderr).toMatch(/^ {2}→ \S/m)
  expect(stderr).not.toMatch(/^\s+at /m)
  expect({ code, stdout }).toEqual({ code: 1, stdout: '' })
}

describe('the launcher installs', { timeout: MINUTES }, () => {
  it.each([
    { NODE_ENV: 'production' },
    { NPM_CONFIG_OMIT: 'dev' },
    { npm_config_omit: 'dev optional peer' },
    { npm_config_only: 'prod' },
    { npm_config_global: 'true' },
    { npm_config_dry_run: 'true' },
    { npm_config_package_lock: 'false' },
    { npm_config_package_lock_only: 'true' },
    { npm_config_ignore_scripts: 'true' },
    { npm_config_install_strategy: 'linked' },
    { TMPDIR: '/nowhere/at/all' },
    { TMPDIR: '/dev/null' },
    { TMPDIR: `/tmp/${'long'.repeat(33)}` },
    { XDG_CACHE_HOME: 'relative', THRESHOLD_CACHE: '' },
    { THRESHOLD_CACHE: '/dev/null/cache' },
  ])('whatever the environment says: %j', async (env) => {
    await using fresh = await freshTree()
    const { code, stdout, stderr } = await launch(fresh, { env })
    expect(stdout, stderr).toContain('"dep":"1.0.0"')
    expect(code).toBe(0)
  })

  it.runIf(isRoot)('with a TMPDIR that this user cannot write in (needs root)', async () => {
    await using fresh = await freshTree(NOBODY)
    const env = { TMPDIR: '/root', HOME: fresh.path }
    expect(await launch(fresh, { uid: NOBODY, env })).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('"dep":"1.0.0"'),
    })
  })

  it('once, when an install was killed and six are started at once', async () => {
    await using fresh = await freshTree()
    const first = startCommand(['tell'], launching(fresh))
    await vi.waitFor(() => expect(first.stderr()).toContain('running npm ci'), { timeout: 60_000 })
    first.child.kill('SIGKILL')
    await first.finished
    const six = await Promise.all(Array.from({ length: 6 }, () => launch(fresh)))
    expect(six.map(({ code, stdout }) => [code, stdout.includes('"dep":"1.0.0"')])).toEqual(
      six.map(() => [0, true]),
    )
    // None where the npm that outlived its launcher has finished.
    expect(
      six.filter(({ stderr }) => stderr.includes('running npm ci')).length,
    ).toBeLessThanOrEqual(1)
  })
})

describe('the launcher says what it needs before it installs', { timeout: MINUTES }, () => {
  it.runIf(isRoot)('a tree that belongs to another user (needs root)', async () => {
    await using fresh = await freshTree()
    await chmod(fresh.path, 0o755)
    const finished = await launch(fresh, { uid: NOBODY })
    expectFailure(
      finished,
      /^NOT_WRITABLE: the dependencies are not installed yet.*permission denied \(EACCES\), it belongs to user 0$/m,
    )
    expect(finished.stderr).toContain('sudo chown')
  })

  it.runIf(isRoot)('node_modules that `sudo npm ci` left (needs root)', async () => {
    await using fresh = await freshTree(NOBODY)
    await mkdir(join(fresh.path, 'node_modules'))
    expectFailure(
      await launch(fresh, { uid: NOBODY }),
      /^NOT_WRITABLE: .*node_modules: permission denied/m,
    )
  })

  it.runIf(hasNamespaces)(
    'a tree on a disk that can only be read (needs mount namespaces)',
    async () => {
      await using fresh = await freshTree()
      const under = inMounts(
        `mount --bind ${fresh.path} ${fresh.path} && mount -o remount,ro,bind ${fresh.path}`,
      )
      expectFailure(
        await launch(fresh, { under }),
        /^NOT_WRITABLE: .*the file system is read-only \(EROFS\)$/m,
      )
    },
  )

  it.runIf(hasNamespaces)('a disk with 90 MB left (needs mount namespaces)', async () => {
    await using fresh = await freshTree()
    await using disk = await temporaryFolder()
    const under = inMounts(
      `mount -t tmpfs -o size=90m none ${disk.path} && cp -r ${fresh.path}/. ${disk.path}`,
    )
    const finished = await launch(fresh, {
      under,
      launcher: join(disk.path, 'scripts', 'threshold.mjs'),
    })
    expectFailure(
      finished,
      /^DISK_FULL: installing the dependencies needs 700 MB of disk, and 9\d MB are left in /m,
    )
  })

  it.runIf(isRoot).each([
    ['of another user', '/root'],
    ['that is /', '/'],
    ['that is a file', '/dev/null'],
    ['that is missing', '/no/such/home'],
  ])('a home folder %s, where npm keeps its cache (needs root)', async (_what, HOME) => {
    await using fresh = await freshTree(NOBODY)
    const finished = await launch(fresh, {
      uid: NOBODY,
      env: { HOME, THRESHOLD_CACHE: '', XDG_CACHE_HOME: '' },
    })
    expectFailure(
      finished,
      /^CACHE_UNUSABLE: the cache folder \/.*\/?\.cache\/threshold cannot be used: /m,
    )
    expect(finished.stderr).toContain('THRESHOLD_CACHE')
    await using cache = await temporaryFolder()
    await chown(cache.path, NOBODY, NOBODY)
    const env = { HOME, THRESHOLD_CACHE: cache.path }
    expect(await launch(fresh, { uid: NOBODY, env })).toMatchObject({ code: 0 })
  })
})

describe('the launcher gets Node', { timeout: MINUTES }, () => {
  let old: string
  beforeAll(async () => {
    old = await fetchOldNode(use.use(await temporaryFolder()))
    await launch(tree)
  }, MINUTES)
  const fetching = (env: NodeJS.ProcessEnv, options: CommandOptions = {}) =>
    launch(tree, { ...options, node: old, env })

  it('of the version that .node-version names, for every system', async () => {
    const wanted = (await readFile(join(ROOT, '.node-version'), 'utf8')).trim()
    const pinned = await readFile(join(dirname(LAUNCHER), 'launcher', 'node.mjs'), 'utf8')
    const versions = [...pinned.matchAll(/^ {4}version: '(.*)',$/gm)].map(([, version]) => version)
    expect(versions).toEqual([wanted, wanted])
  })

  it.runIf(allTests())(
    'anew where the one in the cache no longer starts, and leaves nothing half done',
    async () => {
      await using cache = await temporaryFolder()
      const env = { THRESHOLD_CACHE: cache.path }
      const first = await fetching(env)
      expect(first.stderr).toContain('from npm, once')
      const [name = ''] = (await readdir(cache.path)).filter((entry) => entry.startsWith('node-'))
      const bin = join(cache.path, name, 'bin', 'node')
      await rm(bin)
      await symlink('/nowhere', bin)
      await mkdir(join(cache.path, `${name}.draft-1`))
      const [one, other] = await Promise.all([fetching(env), fetching(env)])
      expect([one.stdout, other.stdout]).toEqual([first.stdout, first.stdout])
      expect([one, other].filter(({ stderr }) => stderr.includes('from npm, once'))).toHaveLength(1)
      expect((await readdir(cache.path)).filter((entry) => entry.startsWith('node-'))).toEqual([
        name,
      ])
    },
  )

  it.each([
    ['a file', async (path: string) => await writeFile(path, '')],
    ['a link to nowhere', async (path: string) => await symlink('/dev/null/nowhere', path)],
  ])('not into a cache that is %s', async (_what, make) => {
    await using folder = await temporaryFolder()
    const path = join(folder.path, 'cache')
    await make(path)
    const finished = await fetching({ THRESHOLD_CACHE: path })
    expectFailure(finished, /^CACHE_UNUSABLE: the cache folder \/\S+ cannot be used: /m)
    expect(finished.stderr).toContain('THRESHOLD_CACHE')
  })

  it.runIf(hasNamespaces)('not onto a disk with 40 MB left (needs mount namespaces)', async () => {
    await using disk = await temporaryFolder()
    const under = inMounts(`mount -t tmpfs -o size=40m none ${disk.path}`)
    const finished = await fetching({ THRESHOLD_CACHE: disk.path }, { under })
    expectFailure(
      finished,
      /^DISK_FULL: fetching Node \S+ needs \d+ MB of disk, and [34]\d MB are left in /m,
    )
    expect(finished.stderr).toContain('THRESHOLD_CACHE')
  })

  it('and names a registry that does not answer', async () => {
    await using cache = await temporaryFolder()
    const env = {
      THRESHOLD_CACHE: cache.path,
      npm_config_registry: 'http://127.0.0.1:9/',
      npm_config_cache: cache.path,
      npm_config_fetch_retries: '0',
    }
    expectFailure(
      await fetching(env),
      /^NPM_UNREACHABLE: npm's registry cannot be reached: .*ECONNREFUSED/m,
    )
  })
})

describe('the cache folder', () => {
  const none = { THRESHOLD_CACHE: undefined, XDG_CACHE_HOME: undefined }
  it.each([
    [{ THRESHOLD_CACHE: '/a', XDG_CACHE_HOME: '/b', HOME: '/c' }, '/a'],
    [{ ...none, XDG_CACHE_HOME: '/b', HOME: '/c' }, '/b/threshold'],
    [{ ...none, XDG_CACHE_HOME: 'b', HOME: '/c' }, '/c/.cache/threshold'],
    [{ ...none, HOME: '' }, join(userInfo().homedir, '.cache', 'threshold')],
    [{ ...none, HOME: 'c' }, join(userInfo().homedir, '.cache', 'threshold')],
    [{ ...none, HOME: undefined }, join(userInfo().homedir, '.cache', 'threshold')],
    [{ ...none, THRESHOLD_CACHE: 'a', HOME: '/c' }, join(process.cwd(), 'a')],
  ])('of %j is %s, for the launcher and for the engines', async (env, folder) => {
    const folders = pathToFileURL(join(dirname(LAUNCHER), 'launcher', 'folders.mjs')).href
    const { cacheFolder } = (await import(folders)) as { cacheFolder(): string }
    for (const [name, value] of Object.entries(env)) vi.stubEnv(name, value)
    try {
      expect([cacheFolder(), cacheDir()]).toEqual([folder, folder])
    } finally {
      vi.unstubAllEnvs()
    }
  })
})

const inMounts = (script: string): string[] => [
  'unshare',
  '--mount',
  'sh',
  '-c',
  `${script} && exec "$@"`,
  'sh',
]
