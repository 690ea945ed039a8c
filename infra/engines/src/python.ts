import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { CodedError } from '@threshold/kit'
import { installTool, type Tool } from './cache.ts'
import { ISOLATED_PYTHON, pythonEnvironment } from './config.ts'
import { pipEnvironment } from './pip.ts'
import { runCommand } from './process/command.ts'
import { runProbe } from './process/probe.ts'
import { which } from './process/which.ts'
import type { OnProgress } from './progress.ts'
import { MIN_PYTHON } from './versions.ts'

export type FoundTool =
  | { readonly usable: true; readonly path: string; readonly version: string }
  | { readonly usable: false; readonly why: string; readonly next: string }

const PYTHON_NEXT =
  'install Python 3.10 or newer with venv ' +
  '(Debian, Ubuntu: sudo apt-get install python3-venv; macOS: brew install python)'

/** Finds a Python that can make virtual environments. Debian's needs an extra package for that. */
export async function findPython(): Promise<FoundTool> {
  const path = await which('python3')
  if (path === undefined) return { usable: false, why: 'no python3 on PATH', next: PYTHON_NEXT }
  try {
    const { stdout } = await runProbe(
      path,
      ['-I', '-c', 'import sys, ensurepip; print("%d.%d.%d" % sys.version_info[:3])'],
      { env: pythonEnvironment() },
    )
    const version = stdout.trim()
    const [major = 0, minor = 0] = version.split('.').map(Number)
    const [leastMajor, leastMinor] = MIN_PYTHON
    if (major > leastMajor || (major === leastMajor && minor >= leastMinor))
      return { usable: true, path, version }
    return {
      usable: false,
      why: `Python ${version} is older than ${MIN_PYTHON.join('.')}`,
      next: PYTHON_NEXT,
    }
  } catch {
    return {
      usable: false,
      why: 'python3 cannot make virtual environments (no ensurepip)',
      next: PYTHON_NEXT,
    }
  }
}

export interface PythonPackage {
  readonly tool: Tool
  /** Its name and version on PyPI, for errors. */
  readonly package: string
  /** Its name in progress lines. */
  readonly title: string
  /** The requirements file, which pins the package and its dependencies with digests. */
  readonly requirements: string
}

/**
 * Installs a package into its own virtual environment, which takes seconds. pip checks every file
 * against the digest in the requirements.
 */
export async function installPythonPackage(
  spec: PythonPackage,
  onProgress: OnProgress,
): Promise<string> {
  return await installTool(
    spec.tool,
    async (dir) => {
      const python = await findPython()
      if (!python.usable) throw new CodedError('NO_PYTHON', python.why, { next: python.next })
      const text = `installing ${spec.title} (about 10 s, once)`
      onProgress({ text })
      // Temporary files go to the tool's folder, so that only the cache's disk needs space.
      const env = { ...ISOLATED_PYTHON, TMPDIR: dir }
      await runCommand({
        title: 'python3 -m venv',
        command: python.path,
        args: ['-I', '-m', 'venv', dir],
        env,
        next: PYTHON_NEXT,
      })
      const total = countRequirements(await readFile(spec.requirements, 'utf8'))
      let files = 0
      const venvPython = join(dir, 'bin', 'python')
      await runCommand({
        title: `pip install ${spec.package}`,
        command: venvPython,
        args: [
          '-I',
          '-m',
          'pip',
          'install',
          '--require-hashes',
          '--only-binary=:all:',
          '--no-input',
          '--disable-pip-version-check',
          '--progress-bar',
          'off',
          '-r',
          spec.requirements,
        ],
        env: { ...env, ...(await pipEnvironment(venvPython)) },
        onLine: (line) => {
          const download = downloadedFile(line)
          if (download === undefined) return
          files += 1
          onProgress({ text: `${text}: ${download}, files`, done: Math.min(files, total), total })
        },
        next:
          'pip uses your own settings to reach its index: check them (PIP_INDEX_URL, proxy), ' +
          'then run the same command again',
      })
    },
    onProgress,
  )
}

/** The packages that a requirements file pins, one `name==version` each. */
export const countRequirements = (requirements: string): number =>
  requirements.split('\n').filter((line) => /^[\w.-]+(\[[\w,-]+\])?==/.test(line)).length

/** The name and size in `Downloading https://…/bson-1.0.whl (1.2 MB)`, or a file of pip's cache. */
export function downloadedFile(line: string): string | undefined {
  const [, path, size = ''] = /^(?:Downloading|Using cached) (\S+)( \(.+\))?/.exec(line) ?? []
  return path === undefined ? undefined : `${path.split('/').at(-1)}${size}`
}
