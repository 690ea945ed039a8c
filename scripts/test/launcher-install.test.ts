import { chmod, chown, mkdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { startCommand, temporaryFolder } from './cli.ts'
import {
  expectFailure,
  hasNamespaces,
  inMounts,
  isRoot,
  type LauncherFixture,
  launcherFixture,
  UNPRIVILEGED,
} from './launcher-fixture.ts'

const MINUTES = 120_000

let fixture: LauncherFixture
beforeAll(async () => {
  fixture = await launcherFixture()
}, MINUTES)
afterAll(() => fixture[Symbol.asyncDispose]())

describe('the launcher installs the dependencies', { timeout: MINUTES }, () => {
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
  ])('with %j in the environment', async (env) => {
    await using fresh = await fixture.freshRepository()
    const { code, stdout, stderr } = await fixture.launch(fresh, { env })
    expect(stdout, stderr).toContain('"dep":"1.0.0"')
    expect(code).toBe(0)
  })

  it.runIf(isRoot)('with a TMPDIR that this user cannot write in (needs root)', async () => {
    await using fresh = await fixture.freshRepository(UNPRIVILEGED)
    const env = { TMPDIR: '/root', HOME: fresh.path }
    expect(await fixture.launch(fresh, { uid: UNPRIVILEGED, env })).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('"dep":"1.0.0"'),
    })
  })

  it('with a long TMPDIR that exists', async () => {
    await using fresh = await fixture.freshRepository()
    await using folder = await temporaryFolder()
    const TMPDIR = join(folder.path, 'long'.repeat(33))
    await mkdir(TMPDIR)
    expect(await fixture.launch(fresh, { env: { TMPDIR } })).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('"dep":"1.0.0"'),
    })
  })

  it
    .runIf(isRoot && process.platform === 'linux')
    .each(['launcher was', 'launcher and npm were'] as const)(
    "after root's %s killed, or reports what root left (needs root on Linux: reads /proc)",
    async (killed) => {
      await using fresh = await fixture.freshRepository(UNPRIVILEGED)
      await using first = startCommand(['print'], fixture.optionsFor(fresh))
      await vi.waitFor(() => expect(first.stderr()).toContain('running npm ci'), {
        timeout: 60_000,
      })
      const npm = killed === 'launcher was' ? [] : await childrenOf(first.child.pid!)
      first.child.kill('SIGKILL')
      for (const pid of npm) kill(pid)
      const env = { HOME: fresh.path }
      const second = await fixture.launch(fresh, { uid: UNPRIVILEGED, env })
      // The npm of the killed launcher goes on, and may have finished the install.
      if (second.code !== 0) expectFailure(second, /^NOT_WRITABLE: .*, it belongs to user 0$/m)
      else expect(second.stdout, second.stderr).toContain('"dep":"1.0.0"')
    },
  )

  it('once, when an install was killed and six are started at once', async () => {
    await using fresh = await fixture.freshRepository()
    const first = startCommand(['print'], fixture.optionsFor(fresh))
    await vi.waitFor(() => expect(first.stderr()).toContain('running npm ci'), { timeout: 60_000 })
    first.child.kill('SIGKILL')
    await first.finished
    const six = await Promise.all(Array.from({ length: 6 }, () => fixture.launch(fresh)))
    expect(six.map(({ code, stdout }) => [code, stdout.includes('"dep":"1.0.0"')])).toEqual(
      six.map(() => [0, true]),
    )
    // The npm of the killed launcher goes on, and may have finished the install.
    const installs = six.filter(({ stderr }) => stderr.includes('running npm ci'))
    expect(installs.length).toBeLessThanOrEqual(1)
  })
})

describe('before it installs, the launcher rejects', { timeout: MINUTES }, () => {
  it.runIf(isRoot)('a repository that belongs to another user (needs root)', async () => {
    await using fresh = await fixture.freshRepository()
    await chmod(fresh.path, 0o755)
    const finished = await fixture.launch(fresh, { uid: UNPRIVILEGED })
    expectFailure(
      finished,
      /^NOT_WRITABLE: the dependencies are not installed yet.*permission denied \(EACCES\), it belongs to user 0$/m,
    )
    expect(finished.stderr).toContain('sudo chown')
  })

  it.runIf(isRoot)('a node_modules that `sudo npm ci` left (needs root)', async () => {
    await using fresh = await fixture.freshRepository(UNPRIVILEGED)
    await mkdir(join(fresh.path, 'node_modules'))
    expectFailure(
      await fixture.launch(fresh, { uid: UNPRIVILEGED }),
      /^NOT_WRITABLE: .*node_modules: permission denied/m,
    )
  })

  it.runIf(hasNamespaces)('a repository on a read-only disk (needs mount namespaces)', async () => {
    await using fresh = await fixture.freshRepository()
    const under = inMounts(
      `mount --bind ${fresh.path} ${fresh.path} && mount -o remount,ro,bind ${fresh.path}`,
    )
    expectFailure(
      await fixture.launch(fresh, { under }),
      /^NOT_WRITABLE: .*the file system is read-only \(EROFS\)$/m,
    )
  })

  it.runIf(hasNamespaces)('a disk with 90 MB left (needs mount namespaces)', async () => {
    await using fresh = await fixture.freshRepository()
    await using disk = await temporaryFolder()
    const under = inMounts(
      `mount -t tmpfs -o size=90m none ${disk.path} && cp -r ${fresh.path}/. ${disk.path}`,
    )
    const launcher = join(disk.path, 'scripts', 'threshold.mjs')
    expectFailure(
      await fixture.launch(fresh, { under, launcher }),
      /^DISK_FULL: installing the dependencies needs 700 MB of disk, and 9\d MB are left in /m,
    )
  })

  it.runIf(isRoot).each([
    ['of another user', '/root'],
    ['that is /', '/'],
    ['that is a file', '/dev/null'],
    ['that is missing', '/no/such/home'],
  ])("a home folder %s, where npm's cache would be (needs root)", async (_kind, HOME) => {
    await using fresh = await fixture.freshRepository(UNPRIVILEGED)
    const finished = await fixture.launch(fresh, {
      uid: UNPRIVILEGED,
      env: { HOME, THRESHOLD_CACHE: '', XDG_CACHE_HOME: '' },
    })
    expectFailure(
      finished,
      /^CACHE_UNUSABLE: the cache folder \/.*\/?\.cache\/threshold cannot be used: /m,
    )
    expect(finished.stderr).toContain('THRESHOLD_CACHE')
    await using cache = await temporaryFolder()
    await chown(cache.path, UNPRIVILEGED, UNPRIVILEGED)
    const env = { HOME, THRESHOLD_CACHE: cache.path }
    expect(await fixture.launch(fresh, { uid: UNPRIVILEGED, env })).toMatchObject({ code: 0 })
  })
})

/** None if the process has ended. */
async function childrenOf(pid: number): Promise<number[]> {
  const text = await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8').catch(() => '')
  return text.split(' ').filter(Boolean).map(Number)
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL')
  } catch {
    // It has ended meanwhile.
  }
}
