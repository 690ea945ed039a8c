import { setTimeout as sleep } from 'node:timers/promises'
import { CodedError, messageOf } from '@threshold/kit'
import { type LaunchSpec, type ManagedChild, startChild } from '../process/child.ts'
import type { ProcessIdentity } from '../process/identity.ts'
import { exitsWithin, signal, suspend, terminate } from '../process/terminate.ts'
import { waitUntil } from '../process/wait-until.ts'
import type { Registration } from '../registry/registry.ts'
import {
  type Candidate,
  lastLines,
  ownHelp,
  type Replaced,
  type ReplaceOptions,
  STOP_TIMEOUT_MS,
  startCandidate,
} from './replacement.ts'
import { launchSpec } from './version.ts'

/** One process of a stage. It can be controlled like an engine. */
export interface RoleProcess {
  /** Such as `gateway 2`. A stage that is one process has the role `stage`. */
  readonly name: string
  readonly role: string
  /** The address of its HTTP server, which also serves its metrics. */
  readonly url: string
  readonly pid: number
  readonly identity: ProcessIdentity
  /** The last lines of its output, from both streams. */
  tail(): string
  /** Why it exited, in words; undefined while it runs or is about to be started again. */
  exitReason(): string | undefined
  /** Sends SIGKILL, so the process closes nothing. It stays dead until `restart`. */
  kill(): Promise<void>
  /** Restarts the process on the same port with the same environment. */
  restart(): Promise<void>
  pause(): Promise<void>
  resume(): Promise<void>
}

export interface RoleOptions {
  readonly role: string
  readonly name: string
  /** Names the process in messages, with its stage. */
  readonly text: string
  readonly spec: LaunchSpec
  readonly readyTimeoutMs: number
  /** Whether the process is started again when it dies. */
  readonly respawn: boolean
  /** Called with its output, from both streams, and with a line when it is started again. */
  readonly onOutput?: ((text: string) => void) | undefined
}

const POLL_MS = 20
const FIRST_PAUSE_MS = 200
const MAX_PAUSE_MS = 5_000
/** A process that dies this often within the time below is not started again. */
const MAX_DEATHS = 6
const DEATHS_WITHIN_MS = 60_000

export class ManagedRole implements RoleProcess {
  readonly name: string
  readonly role: string
  #options: RoleOptions
  readonly #registration: Registration
  /** When it died without having been told to, newest last. */
  #deaths: number[] = []
  #child: ManagedChild | undefined
  #url = ''
  #respawning = false
  /** A new process starts meanwhile, so that this one is not started again if it dies. */
  #replacing = false
  /** Settles when a replacement has ended in any way. */
  #replacement: Promise<unknown> = Promise.resolve()
  readonly #stopped = new AbortController()
  /** It was told to end, or may not be started again. */
  #ended = false
  #stopping: Promise<void> | undefined

  constructor(options: RoleOptions, registration: Registration) {
    this.name = options.name
    this.role = options.role
    this.#options = options
    this.#registration = registration
  }

  get url(): string {
    return this.#url
  }

  get identity(): ProcessIdentity {
    return this.#running.identity
  }

  get pid(): number {
    return this.identity.pid
  }

  get #running(): ManagedChild {
    if (this.#child === undefined)
      throw new CodedError('STAGE_STOPPED', `${this.#options.text} was not started`)
    return this.#child
  }

  tail = (): string => this.#child?.tail() ?? ''
  exitReason = (): string | undefined =>
    this.#respawning || this.#replacing ? undefined : this.#child?.exitReason()

  /** Returns when it serves. Throws STAGE_NOT_READY with the last lines of its output. */
  async launch(): Promise<void> {
    const { spec, readyTimeoutMs, text, respawn, onOutput } = this.#options
    this.#ended = false
    const child = await startChild(spec, this.#registration.id)
    this.#child = child
    if (onOutput) child.onOutput(onOutput)
    await this.#registration.update({ process: child.identity })
    const readyUrl = (): string | undefined => /^ready (http\S+)$/m.exec(child.tail())?.[1]
    const readyOrExited = (): boolean => (readyUrl() ?? child.exitReason()) !== undefined
    await waitUntil(readyOrExited, { intervalMs: POLL_MS, timeoutMs: readyTimeoutMs })
    const url = readyUrl()
    if (url === undefined) {
      const reason = child.exitReason()
      const late = `did not serve within ${readyTimeoutMs} ms`
      throw notReady(text, reason === undefined ? late : `ended (${reason})`, child)
    }
    this.#url = url
    if (respawn) void child.exited.then((reason) => this.#onExit(child, reason))
  }

  async #onExit(child: ManagedChild, reason: string): Promise<void> {
    if (this.#mayNotRespawn(child)) return
    const { text, onOutput } = this.#options
    const now = performance.now()
    this.#deaths = [...this.#deaths.filter((at) => now - at < DEATHS_WITHIN_MS), now]
    if (this.#deaths.length >= MAX_DEATHS) {
      this.#ended = true
      onOutput?.(`${text} ended (${reason}), too often to be started again\n`)
      return
    }
    this.#respawning = true
    const pause = Math.min(FIRST_PAUSE_MS * 2 ** (this.#deaths.length - 1), MAX_PAUSE_MS)
    onOutput?.(`${text} ended (${reason}); it is started again in ${pause} ms\n`)
    try {
      await sleep(pause, undefined, { ref: false })
      if (this.#mayNotRespawn(child)) return
      await this.launch()
      onOutput?.(`${text} serves again\n`)
    } catch (error) {
      onOutput?.(`${text}: ${messageOf(error)}\n`)
      const failed = this.#child
      if (failed) {
        await terminate(failed.identity, { group: true, graceMs: STOP_TIMEOUT_MS })
        await this.#onExit(failed, failed.exitReason() ?? 'it did not serve')
      }
    } finally {
      this.#respawning = false
    }
  }

  #mayNotRespawn(child: ManagedChild): boolean {
    const isTold = this.#ended || this.#replacing || this.#stopping !== undefined
    return isTold || child !== this.#child
  }

  /**
   * Starts a process of another version on the same port, and ends this one once the new one is
   * ready. Rejects with ROLLED_BACK otherwise: this one then serves on. A process that dies later
   * is started again in the new version.
   */
  replace(options: ReplaceOptions): Promise<Replaced> {
    const replacing = this.#replace(options)
    this.#replacement = replacing.catch(() => {})
    return replacing
  }

  async #replace({ version, readyTimeoutMs, progress, signal }: ReplaceOptions): Promise<Replaced> {
    const spec = launchSpec(version, this.role, this.#options.spec.env)
    const signals = AbortSignal.any([signal, this.#stopped.signal])
    progress(`starting ${this.name} from ${version.checkout}`)
    const { child, registration } = await this.#startCandidate(spec, readyTimeoutMs, signals)
    const former = this.#running
    this.#child = child
    this.#replacing = false
    this.#options = { ...this.#options, spec }
    this.#deaths = []
    this.#ended = false
    void child.exited.then((reason) => this.#onExit(child, reason))
    progress(`the new ${this.name} is ready, and the old one hands over`)
    const from = performance.now()
    // Each process is in the registry at any time: by its id, or by the tag that it carries. The
    // former one may carry the tag of an entry that was closed after an earlier deploy.
    await registration.update({ process: former.identity })
    await this.#registration.update({ process: child.identity })
    if (!(await terminate(former.identity, { group: true, graceMs: STOP_TIMEOUT_MS })))
      throw this.#willNotEnd(former)
    const formerEnd = await former.exited
    const handOverMs = performance.now() - from
    await registration.close()
    this.#options.onOutput?.(`${this.#options.text}: the version of ${version.checkout} serves\n`)
    const [{ pid }, { pid: formerPid }] = [child.identity, former.identity]
    return { name: this.name, pid, formerPid, formerEnd, handOverMs }
  }

  async #startCandidate(
    spec: LaunchSpec,
    readyTimeoutMs: number,
    signal: AbortSignal,
  ): Promise<Candidate> {
    this.#replacing = true
    try {
      await waitUntil(() => !this.#respawning, { intervalMs: POLL_MS })
      const { text, onOutput } = this.#options
      return await startCandidate({ text, spec, url: this.#url, readyTimeoutMs, onOutput, signal })
    } catch (error) {
      this.#replacing = false
      const reason = this.#child?.exitReason()
      if (this.#child && reason !== undefined) void this.#onExit(this.#child, reason)
      throw error
    }
  }

  stop(): Promise<void> {
    this.#stopped.abort(new CodedError('STAGE_STOPPED', `${this.#options.text} was stopped`))
    this.#stopping ??= this.#stop()
    return this.#stopping
  }

  async #stop(): Promise<void> {
    const [ended] = await Promise.all([
      this.#child === undefined ||
        terminate(this.#child.identity, { group: true, graceMs: STOP_TIMEOUT_MS }),
      this.#replacement,
    ])
    if (!ended) throw this.#willNotEnd(this.#running)
    await this.#registration.close()
  }

  #willNotEnd({ identity }: ManagedChild): CodedError {
    const what = `${this.#options.text} (process ${identity.pid}) survived SIGKILL`
    return new CodedError('STAGE_WILL_NOT_END', what, { next: 'npx threshold reset' })
  }

  async kill(): Promise<void> {
    const child = this.#running
    this.#ended = true
    signal(this.pid, 'SIGKILL', true)
    await exitsWithin(this.identity, 10_000)
    // The process is gone a moment before Node reports its exit.
    await waitUntil(() => child.exitReason() !== undefined, { intervalMs: POLL_MS })
  }

  async restart(): Promise<void> {
    if (this.#stopping) throw new CodedError('STAGE_STOPPED', `${this.#options.text} was stopped`)
    this.#ended = true
    await terminate(this.identity, { group: true, graceMs: STOP_TIMEOUT_MS })
    await this.launch()
  }

  async pause(): Promise<void> {
    await suspend(this.pid)
  }

  async resume(): Promise<void> {
    signal(this.pid, 'SIGCONT', true)
  }
}

const notReady = (text: string, why: string, child: ManagedChild): CodedError =>
  new CodedError('STAGE_NOT_READY', `${text} ${why}\n${lastLines(child)}`, {
    next: ownHelp(child) ?? 'npx threshold doctor',
  })
