import { spawn } from 'node:child_process'
import { cp, mkdir, readFile, rm, symlink } from 'node:fs/promises'
import { delimiter, dirname, join } from 'node:path'
import { allTests } from '@threshold/engines/testing'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import {
  type Finished,
  type Folder,
  ROOT,
  startCommand,
  temporaryFolder,
  threshold,
  untilExited,
} from './cli.ts'
import {
  copyLauncher,
  createRepository,
  fetchNpm,
  fetchOldNode,
  OLDEST_NODE,
  setDependency,
} from './launcher-repository.ts'

/** npm runs a dozen times here, and each run may be slow beside other tests. */
const MINUTES = 120_000

/** npm 12 runs no install scripts by default. It needs this Node 22 or a newer one. */
const NEWER = { node: '22.23.5', npm: '12.2.2' }

/** The programs that start the launcher, and the cache that it uses. */
interface Runtime {
  readonly node: string
  readonly env: NodeJS.ProcessEnv
}

const use = new AsyncDisposableStack()
const openFolder = async (): Promise<Folder> => use.use(await temporaryFolder())
let oldNode: Runtime
let wanted = ''

beforeAll(async () => {
  wanted = (await readFile(join(ROOT, '.node-version'), 'utf8')).trim()
  // All repositories here share the cache. The first test fetches the launcher's Node into it.
  const THRESHOLD_CACHE = (await openFolder()).path
  const node = await fetchOldNode(await openFolder())
  const PATH = [dirname(node), '/usr/bin', '/bin'].join(delimiter)
  oldNode = { node, env: { PATH, THRESHOLD_CACHE, npm_config_ignore_scripts: 'true' } }
}, MINUTES)
afterAll(() => use.disposeAsync())

/** Node 22, and an npm 12 that is only in `npm_execpath`, where npx names itself. */
async function newerRuntime(): Promise<Runtime> {
  const node = await fetchOldNode(await openFolder(), NEWER.node)
  const npm_execpath = await fetchNpm(await openFolder(), NEWER.npm)
  const THRESHOLD_CACHE = (await openFolder()).path
  return { node, env: { PATH: dirname(node), THRESHOLD_CACHE, npm_execpath } }
}

/** Options that run the launcher on an old Node, with no newer one on PATH. */
const onOldNode = (repository: Folder, { node, env }: Runtime = oldNode) => ({
  node,
  launcher: join(repository.path, 'scripts', 'threshold.mjs'),
  cwd: repository.path,
  env,
})
const launch = (repository: Folder, ...args: string[]): Promise<Finished> =>
  threshold(args, onOldNode(repository))

describe('the launcher, on a Node that is too old', { timeout: MINUTES }, () => {
  let repository: Folder
  beforeAll(async () => {
    repository = await createRepository()
  })
  afterAll(() => repository[Symbol.asyncDispose]())

  it('installs the dependencies, fetches the Node it needs, and leaves stdout to the command', async () => {
    const first = await launch(repository, 'print', 'a b')
    expect(JSON.parse(first.stdout)).toEqual({ node: wanted, dep: '1.0.0', args: ['print', 'a b'] })
    expect(first.stderr).toContain('the dependencies are not installed yet; running npm ci')
    expect(first.stderr).toContain(`this is Node ${OLDEST_NODE}; getting ${wanted}`)

    const second = await launch(repository, 'print')
    expect(second).toMatchObject({ code: 0, stderr: '' })
  })

  it.runIf(allTests())('installs and fetches on Node 22 with npm 12, too', async () => {
    await using fresh = await createRepository()
    const runtime = await newerRuntime()
    const { code, stdout, stderr } = await threshold(['print'], onOldNode(fresh, runtime))
    expect(stderr).toContain(`this is Node ${NEWER.node}; getting ${wanted}`)
    expect(JSON.parse(stdout), stderr).toMatchObject({ node: wanted, dep: '1.0.0' })
    expect(code).toBe(0)
  })

  it.runIf(allTests())(
    'installs again when the lockfile has changed, and when an install was interrupted',
    async () => {
      await launch(repository, 'print')
      await setDependency(repository, '1.1.0')
      expect((await launch(repository, 'print')).stderr).toContain(
        'dep is not installed as package-lock.json says',
      )
      expect((await launch(repository, 'print')).stderr).toBe('')
      await rm(join(repository.path, 'node_modules', '.package-lock.json'))
      expect((await launch(repository, 'print')).stderr).toContain('not installed yet')
    },
  )

  it.runIf(allTests())('installs once when two are started at once', async () => {
    await rm(join(repository.path, 'node_modules'), { recursive: true })
    const both = await Promise.all([launch(repository, 'print'), launch(repository, 'print')])
    expect(
      both.map(({ code, stdout }) => [code, (JSON.parse(stdout) as { dep: string }).dep]),
    ).toEqual([
      [0, '1.1.0'],
      [0, '1.1.0'],
    ])
    expect(both.filter(({ stderr }) => stderr.includes('running npm ci'))).toHaveLength(1)
  })

  it('forwards the exit code', async () => {
    expect(await launch(repository, 'fail')).toMatchObject({ code: 7, signal: null })
  })

  it.each([
    { signal: 'SIGINT', code: 3 },
    { signal: 'SIGTERM', code: 4 },
    { signal: 'SIGHUP', code: 6 },
    { signal: 'SIGQUIT', code: 8 },
  ] as const)('forwards $signal and waits for the command to end', async ({ signal, code }) => {
    await using command = startCommand(['wait'], onOldNode(repository))
    await vi.waitFor(() => expect(command.stdout()).toContain('waiting'), { timeout: 60_000 })
    command.child.kill(signal)
    expect(await command.finished).toMatchObject({ code })
  })

  it('ends by the signal that killed the command', async () => {
    await using command = startCommand(['wait'], onOldNode(repository))
    const pid = await vi.waitFor(() => pidOf(command.stdout()), { timeout: 60_000 })
    process.kill(pid, 'SIGKILL')
    expect(await command.finished).toMatchObject({ signal: 'SIGKILL' })
  })

  it('ends the command when it is killed itself', async () => {
    await using command = startCommand(['wait'], onOldNode(repository))
    const pid = await vi.waitFor(() => pidOf(command.stdout()), { timeout: 60_000 })
    command.child.kill('SIGKILL')
    await untilExited(pid)
  })

  /**
   * A program that starts a shell that starts the launcher, as npm does. The shell does not exec
   * it, and stays in between.
   */
  const NPM = `
    const { spawn } = require('node:child_process')
    const shell = spawn('sh', ['-c', '"$0" "$@"; exit $?', ...process.argv.slice(1)], { stdio: 'inherit' })
    console.log('shell', shell.pid)
    setInterval(() => {}, 1_000)`

  it.each(['npm', 'shell'] as const)('closes when the %s above it is killed', async (which) => {
    const { node, launcher, cwd, env } = onOldNode(repository)
    const npm = spawn(process.execPath, ['-e', NPM, node, launcher, 'wait'], {
      cwd,
      env: { ...process.env, ...env, npm_lifecycle_event: 'npx' },
      stdio: ['ignore', 'pipe', 'ignore'],
    })
    let stdout = ''
    npm.stdout.setEncoding('utf8').on('data', (text: string) => {
      stdout += text
    })
    try {
      const pid = await vi.waitFor(() => pidOf(stdout), { timeout: 60_000 })
      const shell = Number(/^shell (\d+)$/m.exec(stdout)?.[1])
      process.kill(which === 'npm' ? npm.pid! : shell, 'SIGKILL')
      await untilExited(pid)
    } finally {
      npm.kill('SIGKILL')
    }
  })

  it('reports a missing lockfile', async () => {
    await rm(join(repository.path, 'package-lock.json'))
    const { code, stderr } = await launch(repository, 'print')
    expect(stderr).toMatch(/^NO_LOCKFILE: /)
    expect(code).toBe(1)
  })
})

describe('the launcher, when something is missing', { timeout: MINUTES }, () => {
  let repository: Folder
  beforeEach(async () => {
    repository = await createRepository()
  })
  afterEach(() => repository[Symbol.asyncDispose]())

  it.runIf(allTests())(
    'reports what failed and the next step when npm cannot install',
    async () => {
      await rm(join(repository.path, 'dep.tgz'))
      const { code, stdout, stderr } = await launch(repository, 'print')
      expect(stderr).toMatch(/^NPM_CI_FAILED: npm ci ended with code \d+ in /m)
      expect(stderr.trimEnd().split('\n').at(-1)).toMatch(/^ {2}→ .*npm ci$/)
      expect(stderr).not.toMatch(/^\s+at /m)
      expect({ code, stdout }).toEqual({ code: 1, stdout: '' })
    },
  )

  it.runIf(allTests())('reports that there is no npm', async () => {
    await using bare = await temporaryFolder()
    await symlink(oldNode.node, join(bare.path, 'node'))
    const { code, stderr } = await threshold(['print'], {
      ...onOldNode(repository),
      env: { ...onOldNode(repository).env, npm_execpath: '', PATH: bare.path },
    })
    expect(stderr).toMatch(/^CANNOT_START: npm: /m)
    expect(code).toBe(1)
  })
})

describe('this repository', { timeout: MINUTES }, () => {
  it('runs on Node 20 through the launcher', async () => {
    await using repository = await temporaryFolder()
    // npm's record of the installed packages replaces the lockfile, so that the launcher never
    // installs. An install would break all other tests that run.
    for (const name of ['.node-version', 'package.json', 'node_modules'])
      await symlink(join(ROOT, name), join(repository.path, name))
    await cp(
      join(ROOT, 'node_modules', '.package-lock.json'),
      join(repository.path, 'package-lock.json'),
    )
    await mkdir(join(repository.path, 'scripts'))
    await copyLauncher(repository)
    await symlink(join(ROOT, 'scripts', 'cli.ts'), join(repository.path, 'scripts', 'cli.ts'))
    const { code, stdout, stderr } = await threshold(['doctor', '--json'], onOldNode(repository))
    expect(JSON.parse(stdout), stderr).toMatchObject({ v: 1, machine: { node: wanted } })
    expect([0, 1]).toContain(code)
  })
})

function pidOf(stdout: string): number {
  const pid = Number(/^waiting (\d+)$/m.exec(stdout)?.[1])
  expect(pid).toBeGreaterThan(0)
  return pid
}
