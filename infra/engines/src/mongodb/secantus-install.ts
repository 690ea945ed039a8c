import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { CodedError } from '@threshold/kit'
import { cacheDir, installTool } from '../cache.ts'
import { runCommand } from '../process/command.ts'
import { runProbe } from '../process/probe.ts'
import { which } from '../process/which.ts'
import type { OnProgress } from '../progress.ts'
import { type FoundTool, installPythonPackage } from '../python.ts'
import { REQUIREMENTS_FILE, TOOLS, VERSIONS } from '../versions.ts'

const RUST_NEXT =
  'install Rust (https://rustup.rs) and a C compiler with CMake ' +
  '(Debian, Ubuntu: sudo apt-get install build-essential cmake)'

export async function findCargo(): Promise<FoundTool> {
  const path = await which('cargo')
  if (path === undefined) return { usable: false, why: 'no cargo on PATH', next: RUST_NEXT }
  for (const tool of ['cmake', 'cc']) {
    if ((await which(tool)) === undefined)
      return {
        usable: false,
        why: `cargo is installed, but ${tool}, which builds WiredTiger, is not`,
        next: RUST_NEXT,
      }
  }
  try {
    const { stdout } = await runProbe(path, ['--version'])
    return { usable: true, path, version: stdout.split(' ')[1] ?? 'unknown' }
  } catch {
    // rustup puts a cargo on the PATH before any toolchain is installed.
    return {
      usable: false,
      why: 'cargo is installed, but cargo --version fails',
      next: 'rustup default stable',
    }
  }
}

/** Takes seconds. Needs Python. */
export const installSecantusPython = (onProgress: OnProgress): Promise<string> =>
  installPythonPackage(
    {
      tool: TOOLS.secantusPython,
      package: `secantusdb==${VERSIONS.secantusPython}`,
      title: `SecantusDB ${VERSIONS.secantusPython} (Python)`,
      requirements: REQUIREMENTS_FILE,
    },
    onProgress,
  )

/**
 * Builds from source, which takes minutes once, with the lock file of the published crate. A killed
 * build continues where it stopped.
 */
export async function buildSecantusRust(onProgress: OnProgress): Promise<string> {
  // The tool's folder is removed after a killed install, so the build is outside it.
  const target = join(
    cacheDir(),
    'build',
    `${TOOLS.secantusRust.name}-${TOOLS.secantusRust.version}`,
  )
  return await installTool(
    TOOLS.secantusRust,
    async (dir) => {
      const cargo = await findCargo()
      if (!cargo.usable) throw new CodedError('NO_RUST', cargo.why, { next: cargo.next })
      const duration = 'about 12 minutes of processor time, once'
      const text = `building SecantusDB ${VERSIONS.secantusRust} (Rust, ${duration})`
      onProgress({ text })
      await runCommand({
        title: `cargo install secantus-mdb@${VERSIONS.secantusRust}`,
        command: cargo.path,
        args: [
          'install',
          TOOLS.secantusRust.name,
          '--version',
          VERSIONS.secantusRust,
          '--ignore-rust-version',
          '--locked',
          '--root',
          dir,
        ],
        env: {
          TMPDIR: dir,
          CARGO_TARGET_DIR: target,
          CARGO_TERM_PROGRESS_WHEN: 'always',
          CARGO_TERM_PROGRESS_WIDTH: '80',
          CARGO_TERM_COLOR: 'never',
        },
        onLine: (line) => {
          const [, done, total, crate] = /(\d+)\/(\d+): (.*)$/.exec(line) ?? []
          if (done !== undefined && total !== undefined)
            onProgress({ text: `${text}: ${crate}`, done: Number(done), total: Number(total) })
        },
        next: RUST_NEXT,
      })
      await rm(target, { recursive: true, force: true })
    },
    onProgress,
  )
}
