import { join } from 'node:path'
import { CodedError } from '@threshold/kit/errors'
import { enginesConfig } from './config.ts'
import { isWritable } from './folder.ts'
import { watchNpmCi } from './npm-progress.ts'
import { runCommand } from './process/command.ts'
import { which } from './process/which.ts'
import type { OnProgress } from './progress.ts'

const NEXT =
  'npm uses your own settings to reach its registry: check them (npm config get registry, proxy), ' +
  'then run the same command again'

/**
 * Overrides user settings and NODE_ENV=production, which would leave out packages, install
 * elsewhere, or refuse to. scripts/launcher/npm.mjs does the same.
 */
const SETTINGS = [
  '--include=dev',
  '--include=optional',
  '--include=peer',
  '--no-global',
  '--no-dry-run',
  '--no-package-lock-only',
  '--package-lock',
  '--no-engine-strict',
  '--no-legacy-peer-deps',
  '--no-strict-peer-deps',
  '--install-strategy=hoisted',
  '--workspaces=false',
  '--no-audit',
  '--no-fund',
]

export interface NpmCiOptions {
  /** Names the packages in errors and progress lines. */
  readonly title: string
  readonly args?: readonly string[]
  readonly onProgress: OnProgress
}

/** Installs a folder's package.json by its lock file, whose digests npm checks. */
export async function npmCi(
  dir: string,
  { title, args = [], onProgress }: NpmCiOptions,
): Promise<void> {
  const npm = await which('npm')
  if (npm === undefined)
    throw new CodedError('NO_NPM', `cannot fetch ${title}: there is no npm on PATH`, {
      next: 'install Node.js with its npm',
    })
  const { cacheDir, home, npmCache } = enginesConfig()
  const places = [npmCache ?? join(home, '.npm'), join(home, '.npm')]
  const writable = await Promise.all(places.map(isWritable))
  using _ = watchNpmCi(dir, `fetching ${title}`, onProgress)
  await runCommand({
    title: `npm ci of ${title}`,
    command: npm,
    // This may run in an npm script of the workspace, which sets another prefix in the environment.
    args: ['ci', '--prefix', dir, ...SETTINGS, ...args],
    cwd: dir,
    env: {
      TMPDIR: dir,
      npm_config_cache: places.find((_, index) => writable[index]) ?? join(cacheDir, 'npm'),
    },
    next: NEXT,
  })
}
