import { execFile } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { arch, platform } from 'node:os'
import { promisify } from 'node:util'
import { CodedError } from '@threshold/kit'
import { isInstalled, toolDir } from '../cache.ts'
import { childEnvironment, enginesConfig } from '../config.ts'
import { familyOf, REMEDIES } from '../doctor/remedies.ts'
import { which } from '../process/which.ts'
import { noProgress, type OnProgress } from '../progress.ts'
import { TOOLS } from '../versions.ts'
import { fetchedEnvironment, fetchedExecutable, installChromium } from './install.ts'

const run = promisify(execFile)

/**
 * A browser that hangs at its own version would hang every test. A cold disk may take a few
 * seconds.
 */
const PROBE_TIMEOUT_MS = 15_000

const NAMES = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable', 'chrome']

/** macOS puts applications where no PATH leads. */
const APPLICATIONS = [
  '/Applications/Chromium.app/Contents/MacOS/Chromium',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
]

/**
 * A browser that has answered. The first two fields are what a driver such as playwright-core
 * launches it with.
 */
export interface Chromium {
  readonly executablePath: string
  /**
   * The whole environment of the process: the fetched one brings libraries and a font of its own.
   */
  readonly env: NodeJS.ProcessEnv
  readonly version: string
  readonly origin: 'THRESHOLD_CHROMIUM' | 'installed' | 'cache'
}

/**
 * A Chromium for tests of pages and for screenshots, on any machine: the user's own, one that is
 * installed, or one that npm fetches into the cache (67 MB, once). Whoever gets one can start it:
 * it was asked for its version.
 */
export async function findChromium(onProgress: OnProgress = noProgress): Promise<Chromium> {
  const here = await locateChromium()
  if (here !== undefined) return here
  if (!canFetch())
    throw new CodedError(
      'NO_CHROMIUM',
      `no Chromium on PATH, and none can be fetched for ${platform()} on ${arch()}`,
      {
        next: await remedy(),
      },
    )
  const dir = await installChromium(onProgress)
  const fetched = await fetchedChromium(dir)
  if (fetched !== undefined) return fetched
  throw new CodedError('NO_CHROMIUM', `the Chromium in ${dir} does not start on this system`, {
    next: await remedy(),
  })
}

/**
 * One that is here already; nothing is fetched. What the user named must work: another would not be
 * what they asked for.
 */
export async function locateChromium(): Promise<Chromium | undefined> {
  const own = enginesConfig().chromium
  if (own !== undefined) {
    const found = await probe(own, childEnvironment(), 'THRESHOLD_CHROMIUM')
    if (found !== undefined) return found
    throw new CodedError(
      'BAD_CHROMIUM',
      `THRESHOLD_CHROMIUM is ${own}, which is no Chromium that starts`,
      {
        next: `unset THRESHOLD_CHROMIUM, or ${await remedy()}`,
      },
    )
  }
  const named = (await Promise.all(NAMES.map(which))).filter((path) => path !== undefined)
  // Ubuntu ships a `chromium-browser` that only tells to install a snap: what cannot say its
  // version is passed over.
  for (const path of [...named, ...(platform() === 'darwin' ? APPLICATIONS : [])]) {
    const found = await probe(path, childEnvironment(), 'installed')
    if (found !== undefined) return found
  }
  return (await isInstalled(TOOLS.chromium))
    ? await fetchedChromium(toolDir(TOOLS.chromium))
    : undefined
}

/** The package carries one binary: Linux, x64, glibc. */
export const canFetch = (): boolean => platform() === 'linux' && arch() === 'x64'

const fetchedChromium = (dir: string): Promise<Chromium | undefined> =>
  probe(fetchedExecutable(dir), fetchedEnvironment(dir), 'cache')

async function probe(
  executablePath: string,
  env: NodeJS.ProcessEnv,
  origin: Chromium['origin'],
): Promise<Chromium | undefined> {
  try {
    const { stdout } = await run(executablePath, ['--version'], {
      env,
      timeout: PROBE_TIMEOUT_MS,
      killSignal: 'SIGKILL',
    })
    const version = /\d+\.\d[\d.]*/.exec(stdout)?.[0]
    return version === undefined ? undefined : { executablePath, env, version, origin }
  } catch {
    // Not there, not executable, or it lacks a library: in every case not one to drive.
    return undefined
  }
}

const remedy = async (): Promise<string> =>
  REMEDIES.chromium[familyOf(platform(), await readFile('/etc/os-release', 'utf8').catch(() => ''))]
