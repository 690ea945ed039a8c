import { execFileSync, spawn, spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import {
  chmod,
  chown,
  cp,
  link,
  mkdir,
  readdir,
  readFile,
  symlink,
  writeFile,
} from 'node:fs/promises'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import { describe, expect, it, vi } from 'vitest'
import { checkToolSpace, installTool, isInstalled, markInstalled, toolDir } from '../src/cache.ts'
import { formatDoctor } from '../src/doctor/format.ts'
import { inspectMachine } from '../src/doctor/inspect.ts'
import { withLock } from '../src/lock.ts'
import { pipEnvironment } from '../src/pip.ts'
import { findPython, installPythonPackage } from '../src/python.ts'
import { register } from '../src/registry/registry.ts'
import { allTests } from '../src/testing/index.ts'
import { emptyCache, folder, setEnvironment } from './machine.ts'

const NOBODY = 65_534
const isRoot = process.getuid?.() === 0
const hasNamespaces = isRoot && spawnSync('unshare', ['--mount', 'true']).status === 0
const hasPython = (await findPython()).usable

/** Tries what every command does first, in a process of its own, and returns what it said. */
async function tryCache(
  use: AsyncDisposableStack,
  cache: string,
  options: { uid?: number; mounts?: string } = {},
): Promise<string> {
  const script = fileURLToPath(new URL('./processes/cache-user.ts', import.meta.url))
  const bin = await folder(use)
  await chmod(bin, 0o755)
  const node = join(bin, 'node')
  await link(process.execPath, node).catch(() => cp(process.execPath, node))
  const under =
    options.mounts === undefined
      ? []
      : ['unshare', '--mount', 'sh', '-c', `${options.mounts} && exec "$@"`, 'sh']
  const [program = '', ...args] = [...under, node, script]
  const user = options.uid === undefined ? {} : { uid: options.uid, gid: options.uid }
  const child = spawn(program, args, {
    env: { ...process.env, THRESHOLD_CACHE: cache },
    ...user,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const [said, wrong] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, 'close'),
  ])
  return said + wrong
}

describe('a cache that cannot be used', () => {
  it.each([
    ['a file', 'file', /: it is a file \(EEXIST\)$/],
    ['below a file', 'file/cache', /ENOTDIR/],
    ['a link to nowhere', 'link', /EEXIST|ENOTDIR/],
    ['a path that is too long', 'x'.repeat(300), /the path is too long/],
    ['a path with a colon', 'a:b', /its path contains a colon$/],
  ])('is named in one line: %s', async (_what, name, why) => {
    await using use = new AsyncDisposableStack()
    const dir = await folder(use)
    await writeFile(join(dir, 'file'), '')
    await symlink('/dev/null/no', join(dir, 'link'))
    setEnvironment(use, { THRESHOLD_CACHE: join(dir, name) })
    const wrong = {
      code: 'CACHE_UNUSABLE',
      next: expect.stringContaining('THRESHOLD_CACHE'),
      message: expect.stringMatching(why),
    }
    await expect(register({ role: 'test' })).rejects.toMatchObject(wrong)
    await expect(withLock('test', {}, async () => 'mine')).rejects.toMatchObject(wrong)
    await expect(installTool({ name: 'tool', version: '1' }, async () => {})).rejects.toMatchObject(
      wrong,
    )
    const report = await inspectMachine()
    expect(report.status).toBe('cannot')
    expect(formatDoctor(report)).toMatch(/✗ disk \(cache\) .* cannot be used: /)
  })

  it.runIf(isRoot).each([
    ['of root', []],
    ['with its folder of runs of root', ['run']],
    ['with its folder of locks of root', ['locks']],
  ])('%s, for another user (needs root)', async (_what, kept) => {
    await using use = new AsyncDisposableStack()
    const cache = await emptyCache(use)
    for (const name of kept) await mkdir(join(cache, name))
    await (kept.length === 0 ? chmod(cache, 0o755) : chown(cache, NOBODY, NOBODY))
    const at = join(cache, ...kept)
    const said = await tryCache(use, cache, { uid: NOBODY })
    expect(said).toBe(
      `CACHE_UNUSABLE: the cache folder ${at} cannot be used: permission denied (EACCES), it belongs to user 0\n`,
    )
  })

  it.runIf(isRoot)('with a lock that root left, for another user (needs root)', async () => {
    await using use = new AsyncDisposableStack()
    const cache = await emptyCache(use)
    await withLock('test', {}, async () => {})
    execFileSync('chown', [String(NOBODY), cache, join(cache, 'locks')])
    const said = await tryCache(use, cache, { uid: NOBODY })
    expect(said).toMatch(/^CACHE_UNUSABLE: the lock \S+\/test\.lock cannot be used: .*\n$/)
  })

  it.runIf(hasNamespaces)(
    'on a file system that can only be read (needs mount namespaces)',
    async () => {
      await using use = new AsyncDisposableStack()
      const cache = await emptyCache(use)
      const said = await tryCache(use, cache, {
        mounts: `mount --bind ${cache} ${cache} && mount -o remount,ro,bind ${cache}`,
      })
      expect(said).toMatch(/^CACHE_UNUSABLE: .*the file system is read-only \(EROFS\)\n$/)
    },
  )

  it.runIf(hasNamespaces)('on a disk with 40 MB left (needs mount namespaces)', async () => {
    await using use = new AsyncDisposableStack()
    const cache = await emptyCache(use)
    const said = await tryCache(use, cache, { mounts: `mount -t tmpfs -o size=40m none ${cache}` })
    expect(said).toMatch(
      /^DISK_FULL: the disk is full: installing tool 1 needs 60 MB, and [34]\d MB are left in \S+\n$/,
    )
  })
})

describe('a tool that is in the cache and no longer runs', () => {
  const tool = { name: 'engine', version: '1', check: ['bin/program', '--version'] }
  const put = async (dir: string, program: string): Promise<void> => {
    await mkdir(join(dir, 'bin'), { recursive: true })
    await writeFile(join(dir, 'bin', 'program'), program, { mode: 0o755 })
  }
  const works = (dir: string) => put(dir, '#!/bin/sh\nexit 0\n')

  it.each([
    ['fails', '#!/bin/sh\nexit 1\n'],
    ['has lost its interpreter', '#!/nowhere/python\n'],
    ['is for another machine', '\x7fELF'],
  ])('because it %s, is installed anew', async (_what, program) => {
    await using use = new AsyncDisposableStack()
    await emptyCache(use)
    await put(toolDir(tool), program)
    await markInstalled(tool)
    expect(await isInstalled(tool)).toBe(false)
    const install = vi.fn(works)
    await installTool(tool, install)
    expect(install).toHaveBeenCalledTimes(1)
    expect(await isInstalled(tool)).toBe(true)
  })

  it('is not called installed when it does not run after its install either', async () => {
    await using use = new AsyncDisposableStack()
    await emptyCache(use)
    const failing = installTool(tool, (dir) => put(dir, '#!/bin/sh\nexit 1\n'))
    await expect(failing).rejects.toMatchObject({
      code: 'TOOL_DOES_NOT_RUN',
      next: expect.stringMatching(/./),
    })
    expect(await isInstalled(tool)).toBe(false)
  })

  it('needs room for what it takes, and once it is there, for what it writes', async () => {
    await using use = new AsyncDisposableStack()
    await emptyCache(use)
    const large = { ...tool, installMb: 1_000_000_000 }
    expect(await checkToolSpace(large, 1)).toMatchObject({
      usable: false,
      why: expect.stringMatching(/needs 1000000001 MB, and \d+ MB are left/),
    })
    await expect(installTool(large, works)).rejects.toMatchObject({ code: 'DISK_FULL' })
    await installTool(tool, works)
    expect(await checkToolSpace(large, 1)).toEqual({ usable: true })
  })

  it('says that the disk is full where its installer met that', async () => {
    await using use = new AsyncDisposableStack()
    await emptyCache(use)
    const failing = installTool(tool, () =>
      Promise.reject(new Error('pip failed\nOSError: [Errno 28] No space left on device')),
    )
    await expect(failing).rejects.toMatchObject({
      code: 'DISK_FULL',
      next: expect.stringContaining('THRESHOLD_CACHE'),
    })
  })
})

describe.runIf(hasPython)('a Python environment of a tool (skipped without Python)', () => {
  /** A package without dependencies, made here: no index is asked. */
  async function makePackage(use: AsyncDisposableStack) {
    const dir = await folder(use)
    await mkdir(join(dir, 'odd'))
    await writeFile(join(dir, 'odd', '__init__.py'), '')
    await writeFile(
      join(dir, 'setup.py'),
      "from setuptools import setup\nsetup(name='odd', version='1', packages=['odd'])\n",
    )
    const wheels = join(dir, 'wheels')
    execFileSync('python3', ['-c', WHEEL, wheels])
    const [wheel = ''] = await readdir(wheels)
    const digest = createHash('sha256')
      .update(await readFile(join(wheels, wheel)))
      .digest('hex')
    const requirements = join(dir, 'requirements.txt')
    await writeFile(requirements, `odd==1 --hash=sha256:${digest}\n`)
    return { wheels, requirements }
  }
  /** A wheel is an archive with a list of its files. */
  const WHEEL = `
import os, sys, zipfile
os.makedirs(sys.argv[1])
with zipfile.ZipFile(os.path.join(sys.argv[1], 'odd-1-py3-none-any.whl'), 'w') as wheel:
    info = 'odd-1.dist-info/'
    wheel.writestr('odd/__init__.py', '')
    wheel.writestr(info + 'METADATA', 'Metadata-Version: 2.1\\nName: odd\\nVersion: 1\\n')
    wheel.writestr(info + 'WHEEL', 'Wheel-Version: 1.0\\nGenerator: test\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n')
    wheel.writestr(info + 'RECORD', ''.join(name + ',,\\n' for name in ['odd/__init__.py', info + 'METADATA', info + 'WHEEL', info + 'RECORD']))
`
  it.runIf(allTests())(
    'is filled in its own folder, whatever pip and Python are told',
    async () => {
      await using use = new AsyncDisposableStack()
      const cache = await emptyCache(use)
      const { wheels, requirements } = await makePackage(use)
      const conf = join(cache, 'pip.conf')
      // The network's settings are the user's, wherever they are. Where things go is ours.
      await writeFile(
        conf,
        `[install]\ntarget = /tmp/elsewhere\n[global]\nno-index = true\nfind-links = ${wheels}\n`,
      )
      setEnvironment(use, {
        PIP_FIND_LINKS: undefined,
        PIP_CONFIG_FILE: conf,
        PIP_USER: '1',
        PIP_PREFIX: '/nowhere',
        PIP_DRY_RUN: '1',
      })
      setEnvironment(use, { PYTHONHOME: '/nowhere', PYTHONPATH: '/nowhere', TMPDIR: '/nowhere' })
      const tool = { name: 'odd', version: '1', check: ['bin/python', '-I', '-c', 'import odd'] }
      const install = (): Promise<string> =>
        installPythonPackage({ tool, package: 'odd==1', title: 'odd', requirements }, () => {})
      await install()
      expect(await isInstalled(tool)).toBe(true)
    },
    180_000,
  )

  it('does without what says where pip installs, and keeps how its index is reached', async () => {
    await using use = new AsyncDisposableStack()
    const conf = join(await folder(use), 'pip.conf')
    await writeFile(
      conf,
      '[global]\nindex-url = https://in.the/file\nextra-index-url =\n  https://one\n  https://two\ntimeout = 7\n',
    )
    const elsewhere = {
      PIP_USER: '1',
      PIP_TARGET: '/no',
      PIP_PREFIX: '/no',
      PIP_ROOT: '/no',
      PIP_PYTHON: '/no',
      PIP_SRC: '/no',
    }
    const otherwise = {
      PIP_DRY_RUN: '1',
      PIP_REQUIRE_VIRTUALENV: '1',
      PIP_NO_BINARY: ':all:',
      PIP_REQUIREMENT: '/no',
      PIP_CONSTRAINT: '/no',
    }
    setEnvironment(use, {
      ...elsewhere,
      ...otherwise,
      PIP_CONFIG_FILE: conf,
      PIP_TIMEOUT: '9',
      PIP_INDEX_URL: undefined,
    })
    const settings = await pipEnvironment('python3')
    for (const name of Object.keys({ ...elsewhere, ...otherwise }))
      expect(settings).toHaveProperty(name, undefined)
    expect(settings).toMatchObject({
      PIP_INDEX_URL: 'https://in.the/file',
      PIP_EXTRA_INDEX_URL: 'https://one https://two',
    })
    // The variable is inherited, and goes before the file.
    expect(settings).not.toHaveProperty('PIP_TIMEOUT')
    expect(settings.PIP_CONFIG_FILE).toBe('/dev/null')
  })
})
