import { execFile, spawn } from 'node:child_process'
import { readdir, readFile } from 'node:fs/promises'
import { availableParallelism, loadavg } from 'node:os'
import { basename, delimiter, dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { isPortFree } from '@threshold/engines'
import { acquireLock, containersOfCache } from '@threshold/engines/testing'
import { expect, vi } from 'vitest'
import { type Cache, type Folder, LAUNCHER, ROOT, temporaryCache } from './cli.ts'
import { fetchOldNode } from './launcher-repository.ts'

const run = promisify(execFile)

export const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT', 'SIGKILL'] as const
/**
 * The process that gets the signal. `npm` is npm or npx, which started the command. `group` is all
 * processes at once, as from a terminal.
 */
export const TARGETS = ['npm', 'launcher', 'cli', 'group'] as const
export type Signal = (typeof SIGNALS)[number]
export type Target = (typeof TARGETS)[number]

const LIFT_LIMITS = fileURLToPath(new URL('./lift-load-limits.mjs', import.meta.url))
/** So many scenarios run at a time. Each is five processes and a database. */
const LANES = 3
/** A command promises to end within this time, on an idle machine. */
const PROMISED_MS = 10_000

/** A command, and the state in which the test ends it. */
export interface Scenario {
  /** The arguments of npx, or of npm when the first is `npm`. */
  readonly args: readonly string[]
  readonly env?: NodeJS.ProcessEnv
  /** Whether the command has reached the state. */
  readonly reached: (state: CommandState) => boolean
}

interface RunEntry {
  readonly role: string
  readonly text: string
  readonly ports: readonly number[]
  readonly process?: { readonly pid: number }
  readonly dockerHost?: string
  readonly containerId?: string
}

export interface CommandState {
  readonly output: string
  readonly entries: readonly RunEntry[]
}

export const isRunning = ({ entries }: CommandState, role: string): boolean =>
  entries.some((entry) => entry.role === role && (entry.process ?? entry.containerId) !== undefined)

let lane = 0

/**
 * Starts the command, waits for the scenario's state, sends the signal, and expects that no
 * process, registry entry, container or open port remains.
 */
export async function expectCleanExit(
  scenario: Scenario,
  signal: Signal,
  target: Target,
): Promise<void> {
  lane = (lane + 1) % LANES
  const releaseLock = await acquireLock(`termination-${lane}`)
  try {
    await using cache = await temporaryCache()
    await using command = await begin(scenario, cache)
    const state = await command.reached()
    const pids = await command.pids(state)
    process.kill(target === 'group' ? -pids.npm : pids[target], signal)
    const ports = state.entries.flatMap((entry) => entry.ports)
    await vi.waitFor(
      async () => {
        const [processes, entries] = [await processesOf(cache.path), await cache.registered()]
        const containers = await containersOfCache(cache.path)
        const openPorts = (await Promise.all(ports.map(isPortFree))).filter((free) => !free).length
        const remaining = {
          processes: processes.map(({ args }) => args.join(' ')),
          entries,
          containers,
          openPorts,
        }
        expect(remaining, command.output()).toEqual({
          processes: [],
          entries: [],
          containers: [],
          openPorts: 0,
        })
      },
      { timeout: withinMs(), interval: 100 },
    )
  } finally {
    releaseLock()
  }
}

/** A busy machine also ends processes more slowly. */
const withinMs = (): number =>
  PROMISED_MS * Math.max(1, Math.min(4, loadavg()[0]! / availableParallelism()))

/** The launcher starts the command line as a second process on this Node. */
let oldNode = ''

/**
 * Fetches the old Node into the folder, and the Node that the launcher fetches on it. All scenarios
 * then find both.
 */
export async function prepareOldNode(folder: Folder): Promise<void> {
  oldNode = await fetchOldNode(folder)
  await run(oldNode, [LAUNCHER, '--version'], { cwd: ROOT })
}

async function begin({ args, env, reached }: Scenario, cache: Cache) {
  const [program, ...rest] = args[0] === 'npm' ? args : ['npx', ...args]
  const {
    NODE_OPTIONS: _,
    VITEST: __,
    FORCE_COLOR: ___,
    npm_lifecycle_event: ____,
    ...inherited
  } = process.env
  const child = spawn(program!, rest, {
    cwd: ROOT,
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: {
      ...inherited,
      NO_COLOR: '1',
      NODE_OPTIONS: `--import=${LIFT_LIMITS}`,
      PATH: [dirname(oldNode), process.env.PATH].join(delimiter),
      ...env,
      ...cache.env,
    },
  })
  let output = ''
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (text: string) => {
      output += text
    })
  child.once('error', (error) => {
    output += String(error)
  })
  return {
    output: () => output,
    async reached(): Promise<CommandState> {
      return await vi.waitFor(
        async () => {
          const state = { output, entries: await entriesOf(cache) }
          if (child.exitCode !== null) throw new Error(`the command ended by itself: ${output}`)
          if (!reached(state))
            throw new Error(`not reached: ${output}\n${JSON.stringify(state.entries)}`)
          return state
        },
        { timeout: 180_000, interval: 20 },
      )
    },
    async pids({ entries }: CommandState): Promise<Record<Exclude<Target, 'group'>, number>> {
      const launchers = (await processesOf(cache.path)).filter(
        ({ args: [node = '', ...rest] }) =>
          /^node/.test(basename(node)) &&
          rest.some((arg) => /(\/threshold\.mjs|\.bin\/threshold)$/.test(arg)),
      )
      const launcher = launchers.find(({ parent }) => launchers.every(({ pid }) => pid !== parent))
      const cli = entries.find(({ role }) => role === 'command')?.process
      expect([launcher, cli], output).toEqual([expect.anything(), expect.anything()])
      expect(launcher!.pid).not.toBe(cli!.pid)
      return { npm: child.pid!, launcher: launcher!.pid, cli: cli!.pid }
    },
    async [Symbol.asyncDispose]() {
      for (const { pid } of await processesOf(cache.path)) process.kill(pid, 'SIGKILL')
    },
  }
}

async function entriesOf(cache: Cache): Promise<RunEntry[]> {
  const files = (await cache.registered()).filter((name) => name.endsWith('.json'))
  const read = async (name: string): Promise<RunEntry[]> => {
    try {
      return [JSON.parse(await readFile(join(cache.path, 'run', name), 'utf8')) as RunEntry]
    } catch {
      return [] // the process has ended meanwhile
    }
  }
  return (await Promise.all(files.map(read))).flat()
}

interface ProcessInfo {
  readonly pid: number
  readonly parent: number
  readonly args: readonly string[]
}

/** All processes with this cache in their environment, which every child inherits. */
async function processesOf(cache: string): Promise<ProcessInfo[]> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name))
  const readProcess = async (pid: string): Promise<ProcessInfo[]> => {
    try {
      const [environ, stat, cmdline] = await Promise.all(
        ['environ', 'stat', 'cmdline'].map((file) => readFile(join('/proc', pid, file), 'utf8')),
      )
      const [state, parent] = stat!.slice(stat!.lastIndexOf(')') + 2).split(' ')
      if (!environ!.split('\0').includes(`THRESHOLD_CACHE=${cache}`) || state === 'Z') return []
      return [
        {
          pid: Number(pid),
          parent: Number(parent),
          args: cmdline!.split('\0').filter((arg) => arg !== ''),
        },
      ]
    } catch {
      return [] // the process has ended, or belongs to another user
    }
  }
  return (await Promise.all(pids.map(readProcess))).flat()
}
