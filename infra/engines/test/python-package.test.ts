import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { isInstalled } from '../src/cache.ts'
import { pipEnvironment } from '../src/pip.ts'
import { findPython, installPythonPackage } from '../src/python.ts'
import { allTests } from '../src/testing/index.ts'
import { emptyCache, setEnvironment, tempFolder } from './helpers.ts'

const hasPython = (await findPython()).usable

describe.runIf(hasPython)('the virtual environment of a tool (skipped without Python)', () => {
  /** Makes a package without dependencies, so that pip needs no index. */
  async function makePackage(use: AsyncDisposableStack) {
    const dir = await tempFolder(use)
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
  /** Writes a wheel, which is an archive with a list of its files. */
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
    'is filled in its own folder despite the settings of pip and Python',
    async () => {
      await using use = new AsyncDisposableStack()
      const cache = await emptyCache(use)
      const { wheels, requirements } = await makePackage(use)
      const conf = join(cache, 'pip.conf')
      // The network settings are the user's. The target folder is not.
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

  it('drops settings of where and what pip installs, and keeps those of the network', async () => {
    await using use = new AsyncDisposableStack()
    const conf = join(await tempFolder(use), 'pip.conf')
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
    // The variable is inherited and overrides the file.
    expect(settings).not.toHaveProperty('PIP_TIMEOUT')
    expect(settings.PIP_CONFIG_FILE).toBe('/dev/null')
  })
})
