import { execFile } from 'node:child_process'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { CodedError } from '@threshold/kit'
import { cacheDir, installTool } from '../cache.ts'
import { runCommand } from '../process/command.ts'
import { which } from '../process/which.ts'
import type { OnProgress } from '../progress.ts'
import { PYTHON_AT_LEAST, REQUIREMENTS_FILE, TOOLS, VERSIONS } from '../versions.ts'

const run = promisify(execFile)

/** A tool that hangs at its own version must hang nobody else. */
const ASK = { timeout: 10_000, killSignal: 'SIGKILL' } as const

export type Found =
  | { readonly usable: true; readonly path: string; readonly version: string }
  | { readonly usable: false; readonly why: string; readonly next: string }

const PYTHON_NEXT = 'install Python 3.10 or newer with venv (Debian, Ubuntu: sudo apt-get install python3-venv; macOS: brew install python)'
const RUST_NEXT =
  'install Rust (https://rustup.rs) and a C compiler with CMake (Debian, Ubuntu: sudo apt-get install build-essential cmake)'

/** A Python that can make a virtual environment. Debian's own cannot without a package more. */
export async function findPython(): Promise<Found> {
  const path = await which('python3')
  if (path === undefined) return { usable: false, why: 'no python3 on PATH', next: PYTHON_NEXT }
  try {
    const { stdout } = await run(path, ['-c', 'import sys, ensurepip; print("%d.%d.%d" % sys.version_info[:3])'], ASK)
    const version = stdout.trim()
    const [major = 0, minor = 0] = version.split('.').map(Number)
    const [leastMajor, leastMinor] = PYTHON_AT_LEAST
    if (major > leastMajor || (major === leastMajor && minor >= leastMinor)) return { usable: true, path, version }
    return { usable: false, why: `Python ${version} is older than ${PYTHON_AT_LEAST.join('.')}`, next: PYTHON_NEXT }
  } catch {
    return { usable: false, why: 'python3 cannot make virtual environments (no ensurepip)', next: PYTHON_NEXT }
  }
}

export async function findCargo(): Promise<Found> {
  const path = await which('cargo')
  if (path === undefined) return { usable: false, why: 'no cargo on PATH', next: RUST_NEXT }
  for (const tool of ['cmake', 'cc']) {
    if ((await which(tool)) === undefined)
      return { usable: false, why: `cargo is there, but no ${tool} to build WiredTiger with`, next: RUST_NEXT }
  }
  try {
    const { stdout } = await run(path, ['--version'], ASK)
    return { usable: true, path, version: stdout.split(' ')[1] ?? 'unknown' }
  } catch {
    // rustup puts a cargo on the PATH before there is any toolchain behind it.
    return { usable: false, why: 'cargo is there, but does not say its version', next: 'rustup default stable' }
  }
}

/** Seconds: an environment of its own, filled from the pinned list, every file checked against its digest. */
export async function installSecantusPython(onProgress: OnProgress): Promise<string> {
  return await installTool(
    TOOLS.secantusPython,
    async (dir) => {
      const python = await findPython()
      if (!python.usable) throw new CodedError('NO_PYTHON', python.why, { next: python.next })
      const text = `installing SecantusDB ${VERSIONS.secantusPython} (Python, about 10 s, once)`
      onProgress({ text })
      await runCommand({ title: 'python3 -m venv', command: python.path, args: ['-m', 'venv', dir], next: PYTHON_NEXT })
      await runCommand({
        title: `pip install secantusdb==${VERSIONS.secantusPython}`,
        command: join(dir, 'bin', 'python'),
        args: [
          ...['-m', 'pip', 'install', '--require-hashes', '--only-binary=:all:', '--no-input', '--disable-pip-version-check'],
          ...['--progress-bar', 'off', '-r', REQUIREMENTS_FILE],
        ],
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

/** Minutes, once: built from source with the lock file that it was published with. A killed build goes on where it was. */
export async function buildSecantusRust(onProgress: OnProgress): Promise<string> {
  // Outside the tool's folder, which a killed install loses.
  const target = join(cacheDir(), 'build', `${TOOLS.secantusRust.name}-${TOOLS.secantusRust.version}`)
  return await installTool(
    TOOLS.secantusRust,
    async (dir) => {
      const cargo = await findCargo()
      if (!cargo.usable) throw new CodedError('NO_RUST', cargo.why, { next: cargo.next })
      const text = `building SecantusDB ${VERSIONS.secantusRust} (Rust, about 12 minutes of processor time, once)`
      onProgress({ text })
      await runCommand({
        title: `cargo install secantus-mdb@${VERSIONS.secantusRust}`,
        command: cargo.path,
        args: ['install', TOOLS.secantusRust.name, '--version', VERSIONS.secantusRust, '--ignore-rust-version', '--locked', '--root', dir],
        env: { CARGO_TARGET_DIR: target, CARGO_TERM_PROGRESS_WHEN: 'always', CARGO_TERM_PROGRESS_WIDTH: '80', CARGO_TERM_COLOR: 'never' },
        onLine: (line) => {
          const [, done, total, crate] = /(\d+)\/(\d+): (.*)$/.exec(line) ?? []
          if (done !== undefined && total !== undefined) onProgress({ text: `${text}: ${crate}`, done: Number(done), total: Number(total) })
        },
        next: RUST_NEXT,
      })
      await rm(target, { recursive: true, force: true })
    },
    onProgress,
  )
}
