import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { endBy, run } from './child.mjs'
import { Failure } from './failure.mjs'
import { homeFolder, requireCache, whyNotWritable } from './folders.mjs'

/**
 * The settings that an install here depends on. A user's own settings, in the environment or in
 * .npmrc, would otherwise leave out what we need (NODE_ENV=production, omit), install elsewhere
 * (global), or refuse (package-lock=false, engine-strict).
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
  ...['--no-audit', '--no-fund', '--loglevel=error', '--json'],
]

/** Runs `npm ci` in a folder, on whatever npm started us or is on PATH. */
export async function npmCi(folder, args, lock) {
  const [command, ...first] = npm('ci', '--prefix', folder, ...args, ...SETTINGS)
  let output = ''
  // npm draws its bar on stderr. Its summary goes to stdout, and would end up in the command's
  // JSON.
  const stdio = ['ignore', 'pipe', process.stderr, ...(lock === undefined ? [] : [lock])]
  const cache = npmCache()
  const env = { ...process.env, npm_config_cache: cache }
  const end = await run(command, first, { cwd: folder, stdio, env }, (child) => {
    child.stdout.setEncoding('utf8').on('data', (text) => {
      output += text
    })
  })
  if (end.signal !== null) await endBy(end.signal)
  if (end.code !== 0) throw failureOf(end.code, output, folder, cache)
}

/** The npm that started us, or the one on PATH. */
function npm(...args) {
  const started = process.env.npm_execpath
  return started?.endsWith('npm-cli.js') && existsSync(started)
    ? [process.execPath, started, ...args]
    : ['npm', ...args]
}

/**
 * npm keeps its own cache where it is told, or in the home folder. Where it can do neither, it uses
 * ours.
 */
function npmCache() {
  const home = homeFolder()
  const places = [process.env.npm_config_cache, home && join(home, '.npm')].filter(Boolean)
  return places.find((place) => whyNotWritable(place) === undefined) ?? join(requireCache(), 'npm')
}

const AGAIN = 'then run the same command again'

const CAUSES = [
  [
    /^(ENOSPC|EDQUOT)$/,
    'DISK_FULL',
    'no space is left on the disk',
    `free some space (df -h), ${AGAIN}`,
  ],
  [
    /^(EACCES|EPERM|EROFS)$/,
    'NOT_WRITABLE',
    'a folder cannot be written',
    `see which one above; if another user owns it: sudo chown -R "$(id -un)" FOLDER, ${AGAIN}`,
  ],
  [
    /^(ENOTFOUND|EAI_AGAIN|ETIMEDOUT|ECONN\w+|EHOSTUNREACH|ENETUNREACH|ERR_SOCKET_TIMEOUT|ENOTCACHED|.*CERT.*)$/,
    'NPM_UNREACHABLE',
    "npm's registry cannot be reached",
    `check the network and npm's settings (npm ping), ${AGAIN}`,
  ],
  [
    /^(E40[134]|ETARGET|EINTEGRITY)$/,
    'NPM_REFUSED',
    "npm's registry does not have it, or has something else",
    `see which registry is asked (npm config get registry), ${AGAIN}`,
  ],
]

function failureOf(code, output, folder, cache) {
  const { code: cause = '', summary = '' } = errorOf(output)
  const words = [cause, summary.split('\n')[0]].filter(Boolean).join(': ')
  const said = `npm ci ended with code ${code} in ${folder}, with npm's cache in ${cache}${words === '' ? '' : ` (${words})`}`
  for (const [pattern, name, why, next] of CAUSES) {
    if (pattern.test(cause)) return new Failure(name, `${why}: ${said}`, next)
  }
  return new Failure('NPM_CI_FAILED', said, `see what npm says above, ${AGAIN}; or by hand: npm ci`)
}

/** With --json npm writes an error down as an object on stdout. */
function errorOf(output) {
  try {
    return JSON.parse(output.slice(output.indexOf('{'))).error ?? {}
  } catch {
    return {}
  }
}
