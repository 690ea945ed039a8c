import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { LauncherError, log } from './error.mjs'
import { homeFolder, requireCache, writeProblem } from './folders.mjs'
import { exitBySignal, runChild } from './run-child.mjs'

/**
 * The settings that an install here depends on. The user's own settings, in the environment or in
 * .npmrc, could otherwise leave out packages that we need (NODE_ENV=production, omit), install
 * elsewhere (global), or refuse (package-lock=false, engine-strict).
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
  '--no-audit',
  '--no-fund',
  '--loglevel=error',
  '--json',
]

/** Progress is written this often. npm draws none where stderr is no terminal. */
const PROGRESS_MS = 5_000

/**
 * Runs `npm ci` in a folder. The npm process also holds `lock`, the descriptor of a lock. `amount`
 * says how much is there, or nothing.
 */
export async function npmCi(folder, args, lock, amount) {
  const [command, ...npmArgs] = npm('ci', '--prefix', folder, ...args, ...SETTINGS)
  let output = ''
  // npm draws its progress bar on stderr. Its summary on stdout must not mix with the command's
  // JSON, so it is captured.
  const stdio = ['ignore', 'pipe', process.stderr, ...(lock === undefined ? [] : [lock])]
  const cache = npmCache()
  const env = { ...process.env, npm_config_cache: cache }
  const onStart = (child) => {
    child.stdout.setEncoding('utf8').on('data', (text) => {
      output += text
    })
  }
  const timer = setInterval(() => {
    const text = amount()
    if (text !== undefined) log(`threshold: ${text}`)
  }, PROGRESS_MS)
  const { code, signal } = await runChild(
    command,
    npmArgs,
    { cwd: folder, stdio, env },
    onStart,
  ).finally(() => clearInterval(timer))
  if (signal !== null) await exitBySignal(signal)
  if (code !== 0) throw npmError(code, output, folder, cache)
}

/** The npm that started this process, or else the one on PATH. */
function npm(...args) {
  const parent = process.env.npm_execpath
  return parent?.endsWith('npm-cli.js') && existsSync(parent)
    ? [process.execPath, parent, ...args]
    : ['npm', ...args]
}

/**
 * npm keeps its cache in the configured folder or in the home folder. If neither is writable, it
 * uses a folder of our cache.
 */
function npmCache() {
  const home = homeFolder()
  const folders = [process.env.npm_config_cache, home && join(home, '.npm')].filter(Boolean)
  return folders.find((folder) => writeProblem(folder) === undefined) ?? join(requireCache(), 'npm')
}

const AGAIN = 'then run the same command again'

/** npm's error code, ours, the reason, and the next step. */
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
    "npm's registry does not have a package, or has another one under its name",
    `check which registry npm uses (npm config get registry), ${AGAIN}`,
  ],
]

function npmError(exitCode, output, folder, cache) {
  const { code = '', summary = '' } = readError(output)
  const details = [code, summary.split('\n')[0]].filter(Boolean).join(': ')
  const suffix = details === '' ? '' : ` (${details})`
  const message = `npm ci ended with code ${exitCode} in ${folder}, with npm's cache in ${cache}${suffix}`
  for (const [pattern, name, reason, next] of CAUSES) {
    if (pattern.test(code)) return new LauncherError(name, `${reason}: ${message}`, next)
  }
  const next = `see npm's output above, ${AGAIN}; or by hand: npm ci`
  return new LauncherError('NPM_CI_FAILED', message, next)
}

/** npm prints an error as a JSON object on stdout, because of --json. */
function readError(output) {
  try {
    return JSON.parse(output.slice(output.indexOf('{'))).error ?? {}
  } catch {
    return {}
  }
}
