import { type ChildProcess, spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { childEnvironment, enginesConfig } from '../config.ts'
import type { ProcessIdentity } from '../process/identity.ts'
import { TAG_VARIABLE } from '../process/process-tags.ts'

/** Its name in the list of processes. */
export const WATCHER = 'threshold-watcher'

const SWEEP = fileURLToPath(new URL('./watcher-main.ts', import.meta.url))

/**
 * A shell costs 0.2 MB of memory of its own while it waits, where a Node process would cost 40.
 * `read` returns when this process writes a line, which means that nothing is left, or when it has
 * ended, however that came about. Then the shell becomes the Node process that sweeps.
 */
const WAIT = `trap '' HUP INT QUIT TERM; read -r line || exec "$@"`

/** Where a shell cannot run this at all, one more would not help. */
const MOST_STARTS = 20

/** One for each cache that this process has runs in. */
const watchers = new Map<string, Watcher>()

/**
 * Sees to it that what this process has started is ended when this process dies, by SIGKILL as
 * well. Call the answer once nothing is left. The watcher has a session of its own, so that no
 * signal to a group or from a terminal reaches it, and holds none of our streams.
 */
export function watchThisProcess(self: ProcessIdentity): () => void {
  const { cacheDir } = enginesConfig()
  const watcher = watchers.get(cacheDir) ?? new Watcher(cacheDir, self)
  watchers.set(cacheDir, watcher)
  watcher.hold()
  let held = true
  return () => {
    if (held) watcher.release()
    held = false
  }
}

/** The watchers of this process. */
export const watcherPids = (): number[] => [...watchers.values()].flatMap(({ pid }) => pid ?? [])

class Watcher {
  readonly #cacheDir: string
  readonly #self: ProcessIdentity
  #holders = 0
  #starts = 0
  #child: ChildProcess | undefined

  constructor(cacheDir: string, self: ProcessIdentity) {
    this.#cacheDir = cacheDir
    this.#self = self
  }

  get pid(): number | undefined {
    return this.#child?.pid
  }

  hold(): void {
    this.#holders += 1
    this.#child ??= this.#start()
  }

  release(): void {
    this.#holders -= 1
    if (this.#holders > 0) return
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
      // It sweeps, and must not be swept as a part of the run that this process itself may belong
      // to.
      env: {
        ...childEnvironment({ THRESHOLD_CACHE: this.#cacheDir }),
        [TAG_VARIABLE]: undefined,
        NODE_OPTIONS: undefined,
      },
    })
    child.unref()
    const { stdin } = child
    if (stdin !== null && 'unref' in stdin && typeof stdin.unref === 'function') stdin.unref()
    // Without a watcher the next command sweeps.
    stdin?.on('error', () => {})
    child.once('error', () => {})
    child.once('exit', () => {
      if (this.#child !== child) return
      this.#child = this.#starts < MOST_STARTS ? this.#start() : undefined
    })
    return child
  }
}
