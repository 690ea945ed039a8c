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
  fetchOldNode,
  OLDEST_NODE,
  setDependency,
} from './launcher-repository.ts'

/** npm is asked a dozen times here, and beside other tests each may take its time. */
const MINUTES = 120_000

let old = ''
let wanted = ''
/** All trees here share it. The first test fetches the launcher's Node into it. */
let cache: Folder
/** The folder of the old Node. */
let olden: Folder

beforeAll(async () => {
  wanted = (await readFile(join(ROOT, '.node-version'), 'utf8')).trim()
  ;[cache, olden] = [await temporaryFolder(), await temporaryFolder()]
  old = await fetchOldNode(olden)
}, MINUTES)
afterAll(() => Promise.all([cache, olden].map((folder) => folder[Symbol.asyncDispose]())))

/** Under an old Node, with no newer one to be found on PATH. */
const onOld = (tree: Folder) => ({
  node: old,
  launcher: join(tree.path, 'scripts', 'threshold.mjs'),
  cwd: tree.path,
  env: { PATH: oldPath(), THRESHOLD_CACHE: cache.path, npm_config_ignore_scripts: 'true' },
})
const oldPath = (): string => [dirname(old), '/usr/bin', '/bin'].join(delimiter)
const launch = (tree: Folder, ...args: string[]): Promise<Finished> => threshold(args, onOld(tree))

describe('the launcher, on a Node that is too old', { timeout: MINUTES }, () => {
  let tree: Folder
  beforeAll(async () => {
    tree = await createRepository()
  })
  afterAll(() => tree[Symbol.asyncDispose]())

  it('installs the dependencies, gets the Node it needs, and leaves stdout to the command', async () => {
    const first = await launch(tree, 'tell', 'a b')
    expect(JSON.parse(first.stdout)).toEqual({ node: wanted, dep: '1.0.0', args: ['tell', 'a b'] })
    expect(first.stderr).toContain('the dependencies are not installed yet; running npm ci')
    expect(first.stderr).toContain(`this is Node ${OLDEST_NODE}; getting ${wanted}`)

    const second = await launch(tree, 'tell')
    expect(second).toMatchObject({ code: 0, stderr: '' })
  })

  it.runIf(allTests())(
    'installs again when the lockfile has changed, and when an install was cut off',
    async () => {
      await launch(tree, 'tell')
      await setDependency(tree, '1.1.0')
      expect((await launch(tree, 'tell')).stderr).toContain(
        'dep is not installed as package-lock.json says',
      )
      expect((await launch(tree, 'tell')).stderr).toBe('')
      await rm(join(tree.path, 'node_modules', '.package-lock.json'))
      expect((await launch(tree, 'tell')).stderr).toContain('not installed yet')
    },
  )

  it.runIf(allTests())('installs once when two are started at once', async () => {
    await rm(join(tree.path, 'node_modules'), { recursive: true })
    const both = await Promise.all([launch(tree, 'tell'), launch(tree, 'tell')])
    expect(
      both.map(({ code, stdout }) => [code, (JSON.parse(stdout) as { dep: string }).dep]),
    ).toEqual([
      [0, '1.1.0'],
      [0, '1.1.0'],
    ])
    expect(both.filter(({ stderr }) => stderr.includes('running npm ci'))).toHaveLength(1)
  })

  it('passes on exit codes', async () => {
    expect(await launch(tree, 'fail')).toMatchObject({ code: 7, signal: null })
  })

  it.each([
    { signal: 'SIGINT', code: 3 },
    { signal: 'SIGTERM', code: 4 },
    { signal: 'SIGHUP', code: 6 },
    { signal: 'SIGQUIT', code: 8 },
  ] as const)('passes on $signal and waits for the end', async ({ signal, code }) => {
    await using command = startCommand(['wait'], onOld(tree))
    await vi.waitFor(() => expect(command.stdout()).toContain('waiting'), { timeout: 60_000 })
    command.child.kill(signal)
    expect(await command.finished).toMatchObject({ code })
  })

  it('ends as the command did when that is killed', async () => {
    await using command = startCommand(['wait'], onOld(tree))
    const pid = await vi.waitFor(() => pidOf(command.stdout()), { timeout: 60_000 })
    process.kill(pid, 'SIGKILL')
    expect(await command.finished).toMatchObject({ signal: 'SIGKILL' })
  })

  it('takes the command with it when it is killed itself', async () => {
    await using command = startCommand(['wait'], onOld(tree))
    const pid = await vi.waitFor(() => pidOf(command.stdout()), { timeout: 60_000 })
    command.child.kill('SIGKILL')
    await untilExited(pid)
  })

  /**
   * A program that starts a shell that starts the launcher, as npm does. The shell does not replace
   * itself by it.
   */
  const NPM = `
    const { spawn } = require('node:child_process')
    const shell = spawn('sh', ['-c', '"$0" "$@"; exit $?', ...process.argv.slice(1)], { stdio: 'inherit' })
    console.log('shell', shell.pid)
    setInterval(() => {}, 1_000)`

  it.each(['npm', 'shell'] as const)('closes when the %s above it is killed', async (which) => {
    const { node, launcher, cwd, env } = onOld(tree)
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

  it('says so when the lockfile is gone', async () => {
    await rm(join(tree.path, 'package-lock.json'))
    const { code, stderr } = await launch(tree, 'tell')
    expect(stderr).toMatch(/^NO_LOCKFILE: /)
    expect(code).toBe(1)
  })
})

describe('the launcher, where something is missing', { timeout: MINUTES }, () => {
  let tree: Folder
  beforeEach(async () => {
    tree = await createRepository()
  })
  afterEach(() => tree[Symbol.asyncDispose]())

  it.runIf(allTests())('says what failed and what mends it when npm cannot install', async () => {
    await rm(join(tree.path, 'dep.tgz'))
    const { code, stdout, stderr } = await launch(tree, 'tell')
    expect(stderr).toMatch(/^NPM_CI_FAILED: npm ci ended with code \d+ in /m)
    expect(stderr.trimEnd().split('\n').at(-1)).toMatch(/^ {2}→ .*npm ci$/)
    expect(stderr).not.toMatch(/^\s+at /m)
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' })
  })

  it.runIf(allTests())('says so when there is no npm', async () => {
    await using bare = await temporaryFolder()
    await symlink(old, join(bare.path, 'node'))
    const { code, stderr } = await threshold(['tell'], {
      ...onOld(tree),
      env: { ...onOld(tree).env, npm_execpath: '', PATH: bare.path },
    })
    expect(stderr).toMatch(/^CANNOT_START: npm: /m)
    expect(code).toBe(1)
  })
})

describe('this repository', { timeout: MINUTES }, () => {
  it('is served by the launcher on Node 20', async () => {
    await using tree = await temporaryFolder()
    // All of it but the lockfile, which says what is installed: a test that installs would do so
    // under all others.
    for (const name of ['.node-version', 'package.json', 'node_modules'])
      await symlink(join(ROOT, name), join(tree.path, name))
    await cp(join(ROOT, 'node_modules', '.package-lock.json'), join(tree.path, 'package-lock.json'))
    await mkdir(join(tree.path, 'scripts'))
    await copyLauncher(tree)
    await symlink(join(ROOT, 'scripts', 'cli.ts'), join(tree.path, 'scripts', 'cli.ts'))
    const { code, stdout, stderr } = await threshold(['doctor', '--json'], onOld(tree))
    expect(JSON.parse(stdout), stderr).toMatchObject({ v: 1, machine: { node: wanted } })
    expect([0, 1]).toContain(code)
  })
})

function pidOf(stdout: string): number {
  const pid = Number(/^waiting (\d+)$/m.exec(stdout)?.[1])
  expect(pid).toBeGreaterThan(0)
  return pid
}
