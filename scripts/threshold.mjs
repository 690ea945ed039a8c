#!/usr/bin/env node
// The launcher runs on a fresh clone, before anything is installed. It is plain JavaScript for Node
// 20 or newer and has no dependencies. It installs the repository's dependencies, finds a Node that
// is new enough, and runs cli.ts on it. It writes only to stderr, because stdout belongs to the
// command. Set THRESHOLD_DEBUG=1 to see stacks.
import { readFileSync } from 'node:fs'
import module from 'node:module'
import { delimiter, dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { installDependencies } from './launcher/dependencies.mjs'
import { LauncherError, log } from './launcher/error.mjs'
import { cacheFolder, resolveCacheFolder } from './launcher/folders.mjs'
import { findNode } from './launcher/node.mjs'
import { exitBySignal, runChild } from './launcher/run-child.mjs'
import { closeWithNpm } from './launcher/watch-npm.mjs'

const SELF = fileURLToPath(import.meta.url)
const ROOT = dirname(dirname(SELF))
const OLDEST = 20

try {
  const wanted = readFileSync(join(ROOT, '.node-version'), 'utf8').trim()
  if (major(process.versions.node) < OLDEST)
    throw new LauncherError(
      'NODE_TOO_OLD',
      `this is Node ${process.versions.node}; the launcher needs ${OLDEST}`,
      `install Node ${wanted}: https://nodejs.org`,
    )
  closeWithNpm()
  resolveCacheFolder()
  enableCompileCache()
  await installDependencies(ROOT)
  if (major(process.versions.node) >= major(wanted)) await import('./cli.ts')
  else await rerunUnder(await findNode(wanted))
} catch (error) {
  if (!(error instanceof LauncherError)) throw error
  log(`${error.code}: ${error.message}\n  → ${error.next}`)
  if (process.env.THRESHOLD_DEBUG) log(error.stack)
  process.exitCode = 1
}

function major(version) {
  return Number.parseInt(version, 10)
}

/**
 * Lets all processes started from here keep V8's compiled code for their next start. A stage then
 * serves in half the time.
 */
function enableCompileCache() {
  const cache = cacheFolder()
  if (!process.env.NODE_COMPILE_CACHE && cache === undefined) return
  process.env.NODE_COMPILE_CACHE ||= join(cache, 'compile')
  module.enableCompileCache?.(process.env.NODE_COMPILE_CACHE) // not in Node 20
}

/**
 * Runs the launcher again under the right Node. This process then only forwards signals to it and
 * exits with its code. If this process is killed, the IPC channel closes, and the command on its
 * other end closes down.
 */
async function rerunUnder(node) {
  const env = { ...process.env, PATH: `${dirname(node)}${delimiter}${process.env.PATH ?? ''}` }
  const { code, signal } = await runChild(node, [SELF, ...process.argv.slice(2)], {
    env,
    stdio: ['inherit', 'inherit', 'inherit', 'ipc'],
  })
  if (signal !== null) await exitBySignal(signal)
  process.exitCode = code ?? 1
}
