import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readdir, readFile, rm, symlink } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { cacheDir, identify } from '@threshold/engines'
import { expect, vi } from 'vitest'

export const ROOT = dirname(dirname(dirname(fileURLToPath(import.meta.url))))
export const LAUNCHER = join(ROOT, 'scripts', 'threshold.mjs')
/** Past the launcher, which would mend the dependencies under the tests that run. */
const COMMAND = join(ROOT, 'scripts', 'cli.ts')

export interface CommandOptions {
  readonly env?: NodeJS.ProcessEnv
  readonly cwd?: string
  /** Another Node than this one. */
  readonly node?: string
  readonly launcher?: string
  /** A program and its arguments that start the command in their turn: `unshare --mount …`. */
  readonly under?: readonly string[]
  /** Another user; for root alone. */
  readonly uid?: number
}

export interface Finished {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
  readonly stdout: string
  readonly stderr: string
}

/** A command that runs: what it has written so far, and its end. */
export interface Running extends AsyncDisposable {
  readonly child: ChildProcess
  readonly finished: Promise<Finished>
  stdout(): string
  stderr(): string
}

/**
 * A JVM that a test starts lives for a minute: it is not to spend half of that compiling for its
 * best speed.
 */
const QUICK_JAVA = { JDK_JAVA_OPTIONS: '-XX:TieredStopAtLevel=1' }

/**
 * Starts the real command as a shell would. What a test forgets is killed when the test is over;
 * its engines are the cache's to end.
 */
export function startCommand(args: readonly string[], options: CommandOptions = {}): Running {
  const { node = process.execPath, launcher = COMMAND, cwd = ROOT, env, under = [], uid } = options
  // Neither vitest's settings nor colours are a user's.
  const { NODE_OPTIONS: _, VITEST: __, FORCE_COLOR: ___, ...inherited } = process.env
  const environment = { ...inherited, ...QUICK_JAVA, NO_COLOR: '1', ...env }
  const [program = node, ...rest] = [...under, node, launcher, ...args]
  const child = spawn(program, rest, {
    cwd,
    env: environment,
    stdio: ['ignore', 'pipe', 'pipe'],
    ...(uid === undefined ? {} : { uid, gid: uid }),
  })
  let stdout = ''
  let stderr = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text
  })
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text
  })
  const finished = once(child, 'close').then(
    ([code, signal]) => ({ code, signal, stdout, stderr }) as Finished,
  )
  return {
    child,
    finished,
    stdout: () => stdout,
    stderr: () => stderr,
    async [Symbol.asyncDispose]() {
      child.kill('SIGKILL')
      await finished
    },
  }
}

export async function threshold(
  args: readonly string[],
  options: CommandOptions = {},
): Promise<Finished> {
  await using command = startCommand(args, options)
  return await command.finished
}

/** Waits for the one line that says a stage serves, and returns its address. */
export async function untilReady(command: Running, withinMs = 60_000): Promise<string> {
  return await vi.waitFor(
    () => {
      const [, url] = /^ready (http:\S+)$/m.exec(command.stdout()) ?? []
      if (command.child.exitCode !== null)
        throw new Error(`it ended with ${command.child.exitCode}: ${command.stderr()}`)
      if (url === undefined) throw new Error(`not ready: ${command.stderr()}`)
      return url
    },
    { timeout: withinMs, interval: 50 },
  )
}

/**
 * Waits until nothing runs under these ids; a zombie that nobody has collected yet does not run.
 */
export async function untilExited(...pids: readonly number[]): Promise<void> {
  await vi.waitFor(
    async () => expect(await Promise.all(pids.map(identify))).toEqual(pids.map(() => undefined)),
    { timeout: 30_000 },
  )
}

/** A folder that goes with the test. */
export interface Folder extends AsyncDisposable {
  readonly path: string
}

export async function temporaryFolder(): Promise<Folder> {
  const path = await mkdtemp(join(tmpdir(), 'threshold-cli-'))
  return {
    path,
    [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true, maxRetries: 5 }),
  }
}

export interface Cache extends Folder {
  readonly env: NodeJS.ProcessEnv
  /** File names of all that is registered as running. */
  registered(): Promise<string[]>
  /** The process id of what runs in this role: `stage`, `mongodb`, `command`. */
  pidOf(role: string): Promise<number>
}

/**
 * As `reset` does, but of this cache alone: a command that was killed leaves its engines to the
 * next one, and here none comes.
 */
const sweepCache = (path: string) =>
  promisify(execFile)(
    process.execPath,
    [
      '--input-type=module',
      '--eval',
      "await (await import('@threshold/engines')).sweep({ all: true, graceMs: 0 })",
    ],
    {
      cwd: join(ROOT, 'scripts'),
      env: { ...process.env, NODE_OPTIONS: '', THRESHOLD_CACHE: path },
    },
  )

/**
 * A cache with everything that is installed on this machine and nothing that runs: a reset of it is
 * a reset of nobody else's.
 */
export async function temporaryCache(): Promise<Cache> {
  const folder = await temporaryFolder()
  const installed = (await readdir(cacheDir()).catch(() => [])).filter(
    (name) => !['run', 'locks'].includes(name),
  )
  await Promise.all(
    installed.map((name) => symlink(join(cacheDir(), name), join(folder.path, name))),
  )
  const runs = join(folder.path, 'run')
  const left = (): Promise<string[]> => readdir(runs).catch(() => [])
  return {
    ...folder,
    env: { THRESHOLD_CACHE: folder.path },
    registered: left,
    async pidOf(role) {
      const name = (await left()).find(
        (file) => file.startsWith(`${role}-`) && file.endsWith('.json'),
      )
      const { process } = JSON.parse(await readFile(join(runs, name ?? `no ${role}`), 'utf8')) as {
        process: { pid: number }
      }
      return process.pid
    },
    async [Symbol.asyncDispose]() {
      if ((await left()).length > 0) await sweepCache(folder.path)
      await folder[Symbol.asyncDispose]()
    },
  }
}

/** A machine with Node and nothing else: no tool on PATH, no Docker, no way out. */
export async function bareMachine(): Promise<Folder & { readonly env: NodeJS.ProcessEnv }> {
  const folder = await temporaryFolder()
  await symlink(process.execPath, join(folder.path, 'node'))
  return {
    ...folder,
    env: {
      PATH: folder.path,
      DOCKER_HOST: `unix://${folder.path}/none.sock`,
      THRESHOLD_CACHE: join(folder.path, 'cache'),
      JAVA_HOME: '',
      THRESHOLD_JVM_FOLDERS: folder.path,
      THRESHOLD_MONGODB_URI: '',
      THRESHOLD_CASSANDRA_URI: '',
      // A closed network answers at once here, and not after the resolver's patience.
      THRESHOLD_MONGODB_MIRROR: 'http://127.0.0.1:9',
    },
  }
}
