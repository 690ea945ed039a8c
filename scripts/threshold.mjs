#!/usr/bin/env node
// The launcher: what must work on a fresh clone, before anything is installed. Plain JavaScript, no
// dependency, Node 20 or newer. It sees to the dependencies, finds a Node that is new enough, and
// hands over to cli.ts. All it says goes to stderr, since stdout belongs to the command. Set
// THRESHOLD_DEBUG=1 to see stacks.
import { readFileSync } from 'node:fs'
import module from 'node:module'
import { delimiter, dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { endBy, run } from './launcher/child.mjs'
import { installDependencies } from './launcher/dependencies.mjs'
import { Failure, say } from './launcher/failure.mjs'
import { cacheFolder, settleCache } from './launcher/folders.mjs'
import { findNode } from './launcher/node.mjs'
import { followParent } from './launcher/parent.mjs'

const SELF = fileURLToPath(import.meta.url)
const ROOT = dirname(dirname(SELF))
const OLDEST = 20

try {
  const wanted = readFileSync(join(ROOT, '.node-version'), 'utf8').trim()
  if (major(process.versions.node) < OLDEST)
    throw new Failure(
      'NODE_TOO_OLD',
      `this is Node ${process.versions.node}; the launcher needs ${OLDEST}`,
      `install Node ${wanted}: https://nodejs.org`,
    )
  followParent()
  settleCache()
  keepCompiled()
  await installDependencies(ROOT)
  if (major(process.versions.node) >= major(wanted)) await import('./cli.ts')
  else await handOver(await findNode(wanted))
} catch (error) {
  if (!(error instanceof Failure)) throw error
  say(`${error.code}: ${error.message}\n  → ${error.next}`)
  if (process.env.THRESHOLD_DEBUG) say(error.stack)
  process.exitCode = 1
}

function major(version) {
  return Number.parseInt(version, 10)
}

/**
 * V8's compiled code is kept for the next start, of all processes started from here: a stage serves
 * in half the time.
 */
function keepCompiled() {
  const cache = cacheFolder()
  if (!process.env.NODE_COMPILE_CACHE && cache === undefined) return
  process.env.NODE_COMPILE_CACHE ||= join(cache, 'compile')
  module.enableCompileCache?.(process.env.NODE_COMPILE_CACHE) // not in Node 20
}

/**
 * Starts again under the right Node, and from then on only passes on signals one way and the exit
 * code the other. The channel is there for the case that this process is killed: it closes, and the
 * command line on its other end closes down.
 */
async function handOver(node) {
  const env = { ...process.env, PATH: `${dirname(node)}${delimiter}${process.env.PATH ?? ''}` }
  const end = await run(node, [SELF, ...process.argv.slice(2)], {
    env,
    stdio: ['inherit', 'inherit', 'inherit', 'ipc'],
  })
  if (end.signal !== null) await endBy(end.signal)
  process.exitCode = end.code ?? 1
}
