import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { CodedError } from '@threshold/kit'
import { installTool, type Tool } from './cache.ts'
import { OWN_PYTHON, pythonEnvironment } from './config.ts'
import { pipEnvironment } from './pip.ts'
import { runCommand } from './process/command.ts'
import { which } from './process/which.ts'
import type { OnProgress } from './progress.ts'
import { MIN_PYTHON } from './versions.ts'

const run = promisify(execFile)

/** A tool that hangs at its own version must hang nobody else. */
export const PROBE_OPTIONS = { timeout: 10_000, killSignal: 'SIGKILL' } as const

export type FoundTool =
  | { readonly usable: true; readonly path: string; readonly version: string }
  | { readonly usable: false; readonly why: string; readonly next: string }

const PYTHON_NEXT =
  'install Python 3.10 or newer with venv (Debian, Ubuntu: sudo apt-get install python3-venv; macOS: brew install python)'

/** A Python that can make a virtual environment. Debian's own cannot without a package more. */
export async function findPython(): Promise<FoundTool> {
  const path = await which('python3')
  if (path === undefined) return { usable: false, why: 'no python3 on PATH', next: PYTHON_NEXT }
  try {
    const { stdout } = await run(
      path,
      ['-I', '-c', 'import sys, ensurepip; print("%d.%d.%d" % sys.version_info[:3])'],
      {
        ...PROBE_OPTIONS,
        env: pythonEnvironment(),
      },
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
  /** Its name and version at the index: what fails when it cannot be had. */
  readonly package: string
  /** For the reader who waits. */
  readonly title: string
  /** It and everything that it needs, pinned, with digests. */
  readonly requirements: string
}

/**
 * Seconds: an environment of its own, filled from the pinned list, every file checked against its
 * digest.
 */
export async function installPythonPackage(
  wanted: PythonPackage,
  onProgress: OnProgress,
): Promise<string> {
  return await installTool(
    wanted.tool,
    async (dir) => {
      const python = await findPython()
      if (!python.usable) throw new CodedError('NO_PYTHON', python.why, { next: python.next })
      const text = `installing ${wanted.title} (about 10 s, once)`
      onProgress({ text })
      // In the tool's own folder, so that the disk of the cache is the only one that has to have
      // room.
      const env = { ...OWN_PYTHON, TMPDIR: dir }
      await runCommand({
        title: 'python3 -m venv',
        command: python.path,
        args: ['-I', '-m', 'venv', dir],
        env,
        next: PYTHON_NEXT,
      })
      const own = join(dir, 'bin', 'python')
      await runCommand({
        title: `pip install ${wanted.package}`,
        command: own,
        args: [
          ...[
            '-I',
            '-m',
            'pip',
            'install',
            '--require-hashes',
            '--only-binary=:all:',
            '--no-input',
            '--disable-pip-version-check',
          ],
          ...['--progress-bar', 'off', '-r', wanted.requirements],
        ],
        env: { ...env, ...(await pipEnvironment(own)) },
        onLine: (line) => {
          const name = /^(?:Collecting|Downloading) (\S+)/.exec(line)?.[1]
          if (name !== undefined) onProgress({ text: `${text}: ${name.split('/').at(-1)}` })
        },
        next: 'pip reaches its index with your usual settings (PIP_INDEX_URL, proxy): check those, then run the same command again',
      })
    },
    onProgress,
  )
}
