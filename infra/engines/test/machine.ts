import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { copyFile, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
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

export async function folder(use: AsyncDisposableStack): Promise<string> {
  const dir = await mkdtemp(join(tmpdir(), 'threshold-test-'))
  use.defer(() => rm(dir, { recursive: true, force: true, maxRetries: 5 }))
  return dir
}

/**
 * A cache nobody else sees, so that a sweep of everything is a sweep of this test's. Whatever still
 * runs in it at the end is ended.
 */
export async function emptyCache(use: AsyncDisposableStack): Promise<string> {
  const cache = await folder(use)
  setEnvironment(use, { THRESHOLD_CACHE: cache })
  use.defer(async () => void (await sweep({ all: true, graceMs: 0 })))
  return cache
}

/** The same, with the engines that this machine has. */
export async function ownCache(use: AsyncDisposableStack): Promise<string> {
  const tools = [TOOLS.mongod, TOOLS.secantusRust, TOOLS.secantusPython].map((tool) => ({
    tool,
    dir: toolDir(tool),
  }))
  const installed = await Promise.all(
    tools.map(async ({ tool, dir }) => ((await isInstalled(tool)) ? [dir] : [])),
  )
  const note = join(enginesConfig().cacheDir, 'mongod-unreachable.json')
  const cache = await emptyCache(use)
  await Promise.all(installed.flat().map((dir) => symlink(dir, join(cache, basename(dir)))))
  await copyFile(note, join(cache, basename(note))).catch(() => {})
  return cache
}

/** No process had this id and this start: what a killed owner's entry looks like. */
export const DEAD: ProcessIdentity = { pid: 2 ** 22 - 1, start: 'before' }

/** A run as a killed owner leaves it: an entry, and a folder with data. */
export async function leaveRun(
  cache: string,
  id: string,
  entry: Partial<RegistryEntry> = {},
): Promise<string> {
  const dir = join(cache, 'run', id)
  await mkdir(join(dir, 'data'), { recursive: true })
  await writeFile(join(dir, 'data', 'file'), 'left')
  const whole: RegistryEntry = {
    v: 1,
    id,
    role: 'mongodb',
    text: 'an engine',
    owner: DEAD,
    group: false,
    onExit: 'term',
    ports: [],
    ...entry,
  }
  await writeFile(`${dir}.json`, JSON.stringify(whole))
  return dir
}

export interface OtherProcess {
  readonly identity: ProcessIdentity
  /** What it said first, in one line. */
  readonly said: string
  readonly ended: Promise<{ code: number | null; signal: NodeJS.Signals | null }>
  /** Resolves with the signal that ended it once nothing holds its output any more. */
  readonly closed: Promise<NodeJS.Signals | null>
  kill(signal?: NodeJS.Signals): void
}

/** Runs a script of `processes/` as a process of its own, and returns once it has said a line. */
export async function otherProcess(
  use: AsyncDisposableStack,
  script: string,
  ...args: string[]
): Promise<OtherProcess> {
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
  const said = await Promise.race([
    line,
    once(child, 'close').then(async ([code]) => {
      throw new Error(`${script} ended with ${code} and said nothing: ${stderr}`)
    }),
  ])
  const pid = child.pid ?? 0
  // One that spoke and went is known by a start that no process can have.
  return {
    identity: (await identify(pid)) ?? { pid, start: 'ended' },
    said,
    ended,
    closed,
    kill: (signal = 'SIGKILL') => child.kill(signal),
  }
}

/** A real HTTP server on loopback, which counts what it is asked for. */
export async function site(
  use: AsyncDisposableStack,
  answer: (path: string) => { status: number; body?: Buffer | string },
): Promise<{ url: string; asked: string[] }> {
  const asked: string[] = []
  const server: Server = createServer((request, response) => {
    const path = request.url ?? ''
    asked.push(`${request.method} ${path}`)
    const { status, body } = answer(path)
    response.writeHead(status).end(request.method === 'HEAD' ? undefined : body)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  use.defer(async () => {
    server.closeAllConnections()
    server.close()
  })
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, asked }
}
