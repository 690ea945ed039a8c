import { CodedError } from '@threshold/kit/errors'
import type { EngineState } from '../engine.ts'
import type { Registration } from '../registry/registry.ts'
import { type LaunchSpec, type ManagedChild, startChild } from './child.ts'
import { exitsWithin, signal, suspend, terminate } from './terminate.ts'

export interface ServerProcessOptions {
  /** Its name in errors. */
  readonly product: string
  /** Closed when the server stops. */
  readonly registration: Registration
  launchSpec(): LaunchSpec | Promise<LaunchSpec>
  /** Returns when the server answers. Throws if its process exits before. */
  waitUntilReady(child: ManagedChild): Promise<void>
  /** The time for a clean shutdown when the server stops; 0 if its data is discarded. */
  readonly stopGraceMs: number
}

const RESTART_GRACE_MS = 15_000
const KILL_TIMEOUT_MS = 10_000

/** A database server as a local process, with the controls of an engine. */
export class ServerProcess {
  readonly #options: ServerProcessOptions
  #child: ManagedChild | undefined
  #state: Exclude<EngineState, 'died'> = 'stopped'
  #stopping: Promise<void> | undefined

  constructor(options: ServerProcessOptions) {
    this.#options = options
  }

  get pid(): number | undefined {
    return this.#child?.exitReason() === undefined ? this.#child?.identity.pid : undefined
  }

  state = (): EngineState => {
    const alive = this.#state === 'running' || this.#state === 'paused'
    return alive && this.#child?.exitReason() !== undefined ? 'died' : this.#state
  }

  /** The last lines of its output. */
  tail = (): string => this.#child?.tail() ?? ''

  async launch(): Promise<void> {
    const { registration, launchSpec, waitUntilReady } = this.#options
    this.#child = await startChild(await launchSpec(), registration.id)
    this.#state = 'running'
    await registration.update({ process: this.#child.identity })
    await waitUntilReady(this.#child)
  }

  /** Ends the server and removes its data, unless its owner keeps the data. Idempotent. */
  stop = (): Promise<void> => {
    this.#stopping ??= this.#stop()
    return this.#stopping
  }

  async #stop(): Promise<void> {
    await this.#terminate(this.#options.stopGraceMs)
    this.#state = 'stopped'
    await this.#options.registration.close()
  }

  kill = async (): Promise<void> => {
    const child = this.#liveChild()
    signal(child.identity.pid, 'SIGKILL', true)
    await exitsWithin(child.identity, KILL_TIMEOUT_MS)
    this.#state = 'killed'
  }

  restart = async (): Promise<void> => {
    if (this.#stopping !== undefined) throw this.#stoppedError()
    await this.#terminate(RESTART_GRACE_MS)
    await this.launch()
  }

  pause = async (): Promise<void> => {
    await suspend(this.#liveChild().identity.pid)
    this.#state = 'paused'
  }

  resume = async (): Promise<void> => {
    signal(this.#liveChild().identity.pid, 'SIGCONT', true)
    this.#state = 'running'
  }

  async #terminate(graceMs: number): Promise<void> {
    if (this.#child === undefined) return
    if (await terminate(this.#child.identity, { group: true, graceMs })) return
    const { pid } = this.#child.identity
    throw new CodedError(
      'ENGINE_WILL_NOT_END',
      `${this.#options.product} (process ${pid}) survived SIGKILL`,
      { next: 'npx threshold reset' },
    )
  }

  /** The running or paused child. Throws ENGINE_STOPPED if there is none. */
  #liveChild(): ManagedChild {
    const state = this.state()
    const alive = state === 'running' || state === 'paused'
    if (this.#child === undefined || this.#stopping !== undefined || !alive)
      throw this.#stoppedError()
    return this.#child
  }

  #stoppedError(): CodedError {
    return new CodedError('ENGINE_STOPPED', `${this.#options.product} is not running`)
  }
}
