import { execFile, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { copyFile, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { isInstalled, toolDir } from '../src/cache.ts'
import { enginesConfig } from '../src/config.ts'
import { identify, type ProcessIdentity } from '../src/process/identity.ts'
import type { RegistryEntry } from '../src/registry/registry.ts'
import { sweep } from '../src/registry/sweep.ts'
import { TOOLS } from '../src/versions.ts'

/** Sets variables for as long as `use` lives; undefined removes one. */
export function setEnvironment(
  use: AsyncDisposableStack,
  values: Readonly<Record<string, string | undefined>>,
): void {
  for (const [name, value] of Object.entries(values)) {
    const before = process.env[name]
    use.defer(() => put(name, before))
    put(name, value)
  }
}

function put(name: string, value: string | undefined): void {
  if (value === undefined) delete process.env[name]
  else process.env[name] = value
}

export async function tempFolder(use: AsyncDisposableStack): Promise<string> {
  const dir = await mkdtemp(join(tmpdir(), 'threshold-test-'))
  use.defer(() => rm(dir, { recursive: true, force: true, maxRetries: 5 }))
  return dir
}

/**
 * An empty cache for one test, so that a sweep of everything affects only this test. Processes that
 * still run in it at the end are ended.
 */
export async function emptyCache(use: AsyncDisposableStack): Promise<string> {
  const cache = await tempFolder(use)
  setEnvironment(use, { THRESHOLD_CACHE: cache })
  use.defer(async () => void (await sweep({ all: true, graceMs: 0 })))
  return cache
}

/** An empty cache with links to the engines of this machine. */
export async function cacheWithEngines(use: AsyncDisposableStack): Promise<string> {
  const tools = [TOOLS.mongod, TOOLS.secantusRust, TOOLS.secantusPython, TOOLS.nats].map(
    (tool) => ({
      tool,
      dir: toolDir(tool),
    }),
  )
  const installed = await Promise.all(
    tools.map(async ({ tool, dir }) => ((await isInstalled(tool)) ? [dir] : [])),
  )
  const probeFailure = join(enginesConfig().cacheDir, 'mongod-unreachable.json')
  const cache = await emptyCache(use)
  await Promise.all(installed.flat().map((dir) => symlink(dir, join(cache, basename(dir)))))
  await copyFile(probeFailure, join(cache, basename(probeFailure))).catch(() => {})
  return cache
}

/** An identity that no process has, for the entries of a killed owner. */
export const DEAD_OWNER: ProcessIdentity = { pid: 2 ** 22 - 1, start: 'before' }

/** Writes the entry and the data folder that a killed owner leaves. Returns the folder. */
export async function writeOrphan(
  cache: string,
  id: string,
  entry: Partial<RegistryEntry> = {},
): Promise<string> {
  const dir = join(cache, 'run', id)
  await mkdir(join(dir, 'data'), { recursive: true })
  await writeFile(join(dir, 'data', 'file'), 'left')
  const full: RegistryEntry = {
    v: 1,
    id,
    role: 'mongodb',
    text: 'an engine',
    owner: DEAD_OWNER,
    group: false,
    onExit: 'term',
    ports: [],
    ...entry,
  }
  await writeFile(`${dir}.json`, JSON.stringify(full))
  return dir
}

export interface ScriptProcess {
  readonly identity: ProcessIdentity
  /** The first line of its output. */
  readonly firstLine: string
  readonly exited: Promise<{ code: number | null; signal: NodeJS.Signals | null }>
  /** Resolves with the signal that ended it, once no process holds its output any more. */
  readonly closed: Promise<NodeJS.Signals | null>
  kill(signal?: NodeJS.Signals): void
}

/** Runs a script of `processes/` in a new process, and returns after its first line of output. */
export async function startScript(
  use: AsyncDisposableStack,
  script: string,
  ...args: string[]
): Promise<ScriptProcess> {
  const path = fileURLToPath(new URL(`./processes/${script}`, import.meta.url))
  const child = spawn(process.execPath, [path, ...args], { stdio: ['ignore', 'pipe', 'pipe'] })
  use.defer(async () => void child.kill('SIGKILL'))
  let stderr = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text
  })
  const ended = once(child, 'exit').then(([code, signal]) => ({ code, signal }))
  const closed = once(child, 'close').then(([, signal]) => signal)
  const line = once(createInterface({ input: child.stdout }), 'line').then(([text]) => String(text))
  const firstLine = await Promise.race([
    line,
    once(child, 'close').then(async ([code]) => {
      throw new Error(`${script} exited with ${code} and printed nothing: ${stderr}`)
    }),
  ])
  const pid = child.pid ?? 0
  // A process that has exited already gets a start time that no process can have.
  return {
    identity: (await identify(pid)) ?? { pid, start: 'ended' },
    firstLine,
    exited: ended,
    closed,
    kill: (signal = 'SIGKILL') => child.kill(signal),
  }
}

/** Starts an HTTP server on loopback that records its requests. */
export async function startSite(
  use: AsyncDisposableStack,
  answer: (path: string) => { status: number; body?: Buffer | string },
): Promise<{ url: string; requests: string[] }> {
  const requests: string[] = []
  const server: Server = createServer((request, response) => {
    const path = request.url ?? ''
    requests.push(`${request.method} ${path}`)
    const { status, body } = answer(path)
    response.writeHead(status).end(request.method === 'HEAD' ? undefined : body)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  use.defer(async () => {
    server.closeAllConnections()
    server.close()
  })
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, requests }
}

/** Whether this user may mount disks that only a child process sees. */
export const hasNamespaces =
  process.getuid?.() === 0 && spawnSync('unshare', ['--mount', 'true']).status === 0

/**
 * Runs a script of `processes/` with an empty cache on a disk of its own, where neither Docker nor
 * MongoDB's mirror answers. Returns its output. Needs mount namespaces.
 */
export async function runOnSmallDisk(
  use: AsyncDisposableStack,
  megabytes: number,
  script: string,
): Promise<string> {
  const [cache, home] = [await tempFolder(use), await tempFolder(use)]
  const path = fileURLToPath(new URL(`./processes/${script}`, import.meta.url))
  const mount = `mount -t tmpfs -o size=${megabytes}m none "$0" && exec "$@"`
  const args = ['--mount', 'sh', '-c', mount, cache, process.execPath, path]
  const env = {
    ...process.env,
    HOME: home,
    XDG_CACHE_HOME: home,
    THRESHOLD_CACHE: cache,
    DOCKER_HOST: `unix://${home}/none.sock`,
    THRESHOLD_MONGODB_URI: '',
    // A closed port fails at once, and does not wait for a resolver's timeout.
    THRESHOLD_MONGODB_MIRROR: 'http://127.0.0.1:9',
  }
  return (await promisify(execFile)('unshare', args, { env })).stdout
}
