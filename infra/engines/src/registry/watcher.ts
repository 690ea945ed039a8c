import { type ChildProcess, spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { childEnvironment, enginesConfig } from '../config.ts'
import type { ProcessIdentity } from '../process/identity.ts'
import { TAG_VARIABLE } from '../process/process-tags.ts'

/** The name of a watcher in the process list. */
export const WATCHER = 'threshold-watcher'

const SWEEP = fileURLToPath(new URL('./watcher-main.ts', import.meta.url))

/**
 * A waiting shell takes 0.2 MB of memory, a Node process 40 MB. `read` succeeds when the owner
 * writes a line, which means that it has nothing left to watch. `read` fails when the owner is
 * gone, also after SIGKILL; the shell then becomes the Node process that sweeps.
 */
const WAIT = `trap '' HUP INT QUIT TERM; read -r line || exec "$@"`

/** A limit, for a system on which no shell can run the watcher. */
const MAX_STARTS = 20

/** One for each cache in which this process has registrations. */
const watchers = new Map<string, Watcher>()

/**
 * Makes sure that the processes which this process starts are ended when it dies, also by SIGKILL.
 * Call the result once they have exited.
 *
 * The watcher has its own session, so that no signal from a terminal or to a group reaches it. It
 * holds none of this process's streams.
 */
export function watchThisProcess(self: ProcessIdentity): () => void {
  const { cacheDir } = enginesConfig()
  const watcher = watchers.get(cacheDir) ?? new Watcher(cacheDir, self)
  watchers.set(cacheDir, watcher)
  watcher.acquire()
  let released = false
  return () => {
    if (!released) watcher.release()
    released = true
  }
}

/** The watchers of this process. */
export const watcherPids = (): number[] => [...watchers.values()].flatMap(({ pid }) => pid ?? [])

class Watcher {
  readonly #cacheDir: string
  readonly #self: ProcessIdentity
  #users = 0
  #starts = 0
  #child: ChildProcess | undefined

  constructor(cacheDir: string, self: ProcessIdentity) {
    this.#cacheDir = cacheDir
    this.#self = self
  }

  get pid(): number | undefined {
    return this.#child?.pid
  }

  acquire(): void {
    this.#users += 1
    this.#child ??= this.#start()
  }

  release(): void {
    this.#users -= 1
    if (this.#users > 0) return
    this.#starts = 0
    this.#child?.stdin?.end('\n')
    this.#child = undefined
  }

  #start(): ChildProcess {
    this.#starts += 1
    const { pid, start } = this.#self
    const args = ['-c', WAIT, WATCHER, process.execPath, SWEEP, String(pid), start]
    const child = spawn('/bin/sh', args, {
      detached: true,
      cwd: '/',
      stdio: ['pipe', 'ignore', 'ignore'],
      // This process may itself belong to a registration. The watcher must not inherit its tag: a
      // sweep would end it.
      env: {
        ...childEnvironment({ THRESHOLD_CACHE: this.#cacheDir }),
        [TAG_VARIABLE]: undefined,
        NODE_OPTIONS: undefined,
      },
    })
    child.unref()
    const { stdin } = child
    if (stdin !== null && 'unref' in stdin && typeof stdin.unref === 'function') stdin.unref()
    // If the watcher cannot start, the next command sweeps.
    stdin?.on('error', () => {})
    child.once('error', () => {})
    child.once('exit', () => {
      if (this.#child !== child) return
      this.#child = this.#starts < MAX_STARTS ? this.#start() : undefined
    })
    return child
  }
}
