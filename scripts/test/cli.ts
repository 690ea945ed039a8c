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
/** Started without the launcher, which could reinstall the dependencies while tests run. */
const COMMAND = join(ROOT, 'scripts', 'cli.ts')

export interface CommandOptions {
  readonly env?: NodeJS.ProcessEnv
  readonly cwd?: string
  /** The Node to use, this one by default. */
  readonly node?: string
  readonly launcher?: string
  /** A program and its arguments that run the command, such as `unshare --mount …`. */
  readonly under?: readonly string[]
  /** The user to run as. Only root may set it. */
  readonly uid?: number
}

export interface Finished {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
  readonly stdout: string
  readonly stderr: string
}

/** A command that runs, with the output that it has written so far. */
export interface Running extends AsyncDisposable {
  readonly child: ChildProcess
  readonly finished: Promise<Finished>
  stdout(): string
  stderr(): string
}

/**
 * A JVM that a test starts lives for a minute, and would spend half of it in the optimising
 * compiler.
 */
const QUICK_JAVA = { JDK_JAVA_OPTIONS: '-XX:TieredStopAtLevel=1' }

/**
 * Starts the real command as a shell would. Disposing of it kills the command. Its engines end when
 * the cache is disposed of.
 */
export function startCommand(args: readonly string[], options: CommandOptions = {}): Running {
  const { node = process.execPath, launcher = COMMAND, cwd = ROOT, env, under = [], uid } = options
  // A user's shell has none of these variables, which vitest sets.
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

/** Waits for the stage's ready line and returns its address. */
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

/** Waits until no process has one of these ids. A zombie counts as ended. */
export async function untilExited(...pids: readonly number[]): Promise<void> {
  await vi.waitFor(
    async () => expect(await Promise.all(pids.map(identify))).toEqual(pids.map(() => undefined)),
    { timeout: 30_000 },
  )
}

/** A folder that is removed when it is disposed of. */
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
  /** The names of the files in the registry of running processes. */
  registered(): Promise<string[]>
  /** The id of the process with this role: `stage`, `mongodb`, `command`. */
  pidOf(role: string): Promise<number>
}

/**
 * Ends everything that this cache registers, as `reset` does. A killed command leaves its engines
 * to the next command, and in a temporary cache there is no next one.
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
 * A cache with links to everything installed on this machine, and a registry of its own. A reset
 * of it does not affect other commands.
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
  const registered = (): Promise<string[]> => readdir(runs).catch(() => [])
  return {
    ...folder,
    env: { THRESHOLD_CACHE: folder.path },
    registered,
    async pidOf(role) {
      const name = (await registered()).find(
        (file) => file.startsWith(`${role}-`) && file.endsWith('.json'),
      )
      const { process } = JSON.parse(await readFile(join(runs, name ?? `no ${role}`), 'utf8')) as {
        process: { pid: number }
      }
      return process.pid
    },
    async [Symbol.asyncDispose]() {
      if ((await registered()).length > 0) await sweepCache(folder.path)
      await folder[Symbol.asyncDispose]()
    },
  }
}

/** The environment of a machine with only Node: no tool on PATH, no Docker, no network. */
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
      THRESHOLD_NATS_URI: '',
      // A closed port fails at once, and does not wait for a resolver's timeout.
      THRESHOLD_MONGODB_MIRROR: 'http://127.0.0.1:9',
    },
  }
}
