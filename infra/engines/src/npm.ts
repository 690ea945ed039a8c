import { join } from 'node:path'
import { CodedError } from '@threshold/kit/errors'
import { enginesConfig } from './config.ts'
import { isWritable } from './folder.ts'
import { runCommand } from './process/command.ts'
import { which } from './process/which.ts'

const NEXT =
  'npm reaches its registry with your usual settings (npm config get registry, proxy): check those, then run the same command again'

/**
 * A user's settings, or NODE_ENV=production, would leave out packages, install elsewhere, or
 * refuse. See scripts/launcher/npm.mjs.
 */
const SETTINGS = [
  ...[
    '--include=dev',
    '--include=optional',
    '--include=peer',
    '--no-global',
    '--no-dry-run',
    '--no-package-lock-only',
  ],
  ...[
    '--package-lock',
    '--no-engine-strict',
    '--no-legacy-peer-deps',
    '--no-strict-peer-deps',
    '--install-strategy=hoisted',
  ],
  ...['--workspaces=false', '--no-audit', '--no-fund'],
]

/** Fills a folder that holds a package.json and its lock file, whose digests npm checks. */
export async function npmCi(dir: string, what: string, ...args: string[]): Promise<void> {
  const npm = await which('npm')
  if (npm === undefined)
    throw new CodedError('NO_NPM', `no npm on PATH to fetch ${what} with`, {
      next: 'install Node.js with its npm',
    })
  const { cacheDir, home, npmCache } = enginesConfig()
  const places = [npmCache ?? join(home, '.npm'), join(home, '.npm')]
  const writable = await Promise.all(places.map(isWritable))
  await runCommand({
    title: `npm ci of ${what}`,
    command: npm,
    // The prefix, since this may run inside an npm script of the workspace, whose settings are in
    // the environment.
    args: ['ci', '--prefix', dir, ...SETTINGS, ...args],
    cwd: dir,
    env: {
      TMPDIR: dir,
      npm_config_cache: places.find((_, index) => writable[index]) ?? join(cacheDir, 'npm'),
    },
    next: NEXT,
  })
}
