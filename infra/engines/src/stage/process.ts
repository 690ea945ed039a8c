import { randomBytes } from 'node:crypto'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { CodedError } from '@threshold/kit'
import { type ManagedChild, startChild } from '../process/child.ts'
import type { ProcessIdentity } from '../process/identity.ts'
import { exitsWithin, signal, suspend, terminate } from '../process/terminate.ts'
import { waitUntil } from '../process/wait-until.ts'
import { claimPort } from '../registry/claim-port.ts'
import { type Registration, register } from '../registry/registry.ts'
import { listStages, REPOSITORY, type StageInfo } from './list.ts'
import { ADDRESSES, type Addresses } from './running.ts'

export interface StartStageOptions {
  readonly stage: number
  /** The address of its MongoDB, with the database name. */
  readonly engineUri: string
  /** The address of its Cassandra, with a keyspace; for stages whose messages are in Cassandra. */
  readonly cassandraUri?: string
  readonly env?: Record<string, string>
  /** The port to listen on; by default a free one, which a restart keeps. */
  readonly port?: number
  readonly readyTimeoutMs?: number
  /** Called with the stage's output, from both streams. */
  readonly onOutput?: (text: string) => void
}

/**
 * A stage that runs as a process, with the URL for its users. It can be controlled like an engine.
 */
export interface StageProcess extends AsyncDisposable {
  readonly stage: number
  readonly url: string
  readonly pid: number
  readonly identity: ProcessIdentity
  /** The last lines of its output, from both streams. */
  tail(): string
  /** Why it exited, in words; undefined while it runs. */
  exitReason(): string | undefined
  /** Sends SIGTERM and waits until the stage has exited. Idempotent. */
  stop(): Promise<void>
  /** Sends SIGKILL, so the stage closes nothing. */
  kill(): Promise<void>
  /** Restarts the stage on the same port with the same environment. */
  restart(): Promise<void>
  pause(): Promise<void>
  resume(): Promise<void>
}

/** Node's default takes a hundred MiB more memory without a measurable gain: see ADR 21. */
const YOUNG_GENERATION = '--max-semi-space-size=4'
const READY_TIMEOUT_MS = 60_000
const STOP_TIMEOUT_MS = 20_000
const POLL_MS = 20

/**
 * Starts a stage and returns when it serves. The stage ends with this process, also if this process
 * is killed. Throws STAGE_NOT_READY with the last lines of its output.
 */
export async function startStage(options: StartStageOptions): Promise<StageProcess> {
  const stages = await listStages()
  const info = stages.find(({ stage }) => stage === options.stage)
  if (info === undefined) {
    throw new CodedError(
      'NO_SUCH_STAGE',
      `there is no stage ${options.stage}; there are ${stages.map((s) => s.stage).join(', ')}`,
      { next: 'npx threshold stages list' },
    )
  }
  if (info.engines.includes('cassandra') && options.cassandraUri === undefined) {
    throw new CodedError(
      'ENGINE_MISSING',
      `stage ${info.stage} needs a Cassandra beside its MongoDB`,
      { next: 'pass cassandraUri' },
    )
  }
  const registration = await register({
    role: 'stage',
    text: `stage ${info.stage}, ${info.title}`,
    group: true,
    onExit: 'kill',
  })
  const port =
    options.port === undefined || options.port === 0 ? await claimPort(registration) : options.port
  const stage = new RunningStage(info, options, registration, port)
  try {
    await stage.launch()
    return stage
  } catch (error) {
    await stage.stop()
    throw error
  }
}

class RunningStage implements StageProcess {
  readonly stage: number
  #url = ''
  readonly #info: StageInfo
  readonly #options: StartStageOptions
  readonly #registration: Registration
  readonly #env: Record<string, string>
  #child: ManagedChild | undefined
  #stopping: Promise<void> | undefined

  constructor(
    info: StageInfo,
    options: StartStageOptions,
    registration: Registration,
    port: number,
  ) {
    this.stage = info.stage
    this.#info = info
    this.#options = options
    this.#registration = registration
    this.#env = {
      THRESHOLD_TOKEN_SECRET: randomBytes(32).toString('hex'),
      THRESHOLD_PROVISIONING: 'on',
      THRESHOLD_HEARTBEAT_MS: '2000',
      // Overrides values of the user's shell: labs and tests use the address the stage listens on.
      THRESHOLD_PUBLIC_URL: '',
      THRESHOLD_GATEWAY_URL: '',
      THRESHOLD_HOSTS: '',
      THRESHOLD_ORIGINS: '',
      THRESHOLD_TRUSTED_PROXIES: '',
      ...options.env,
      THRESHOLD_MONGODB_URI: options.engineUri,
      ...(options.cassandraUri === undefined
        ? {}
        : { THRESHOLD_CASSANDRA_URI: options.cassandraUri }),
      THRESHOLD_PORT: String(port),
    }
  }

  /** The URL that the stage prints. THRESHOLD_HOST may set another address than loopback. */
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
      throw new CodedError('STAGE_STOPPED', `stage ${this.stage} was not started`)
    return this.#child
  }

  tail = (): string => this.#child?.tail() ?? ''
  exitReason = (): string | undefined => this.#child?.exitReason()

  async launch(): Promise<void> {
    const { readyTimeoutMs = READY_TIMEOUT_MS } = this.#options
    const main = join(this.#info.dir, 'src', 'main.ts')
    const args = [YOUNG_GENERATION, main]
    const child = await startChild(
      { command: process.execPath, args, env: this.#env, cwd: REPOSITORY },
      this.#registration.id,
    )
    this.#child = child
    if (this.#options.onOutput) child.onOutput(this.#options.onOutput)
    await this.#registration.update({ process: child.identity })
    const readyUrl = (): string | undefined => /^ready (http\S+)$/m.exec(child.tail())?.[1]
    const readyOrExited = (): boolean => (readyUrl() ?? child.exitReason()) !== undefined
    await waitUntil(readyOrExited, { intervalMs: POLL_MS, timeoutMs: readyTimeoutMs })
    const url = readyUrl()
    if (url === undefined) {
      const reason = child.exitReason()
      const late = `did not serve within ${readyTimeoutMs} ms`
      throw notReady(this.#info, reason === undefined ? late : `ended (${reason})`, child)
    }
    this.#url = url
    const { engineUri: mongodb, cassandraUri: cassandra } = this.#options
    const addresses: Addresses = {
      v: 1,
      stage: this.stage,
      url: this.url,
      mongodb,
      ...(cassandra === undefined ? {} : { cassandra }),
    }
    // Only this user may read it, since an address may contain a password. It is removed with the
    // registration.
    await writeFile(join(this.#registration.dir, ADDRESSES), JSON.stringify(addresses), {
      mode: 0o600,
    })
  }

  stop(): Promise<void> {
    this.#stopping ??= this.#stop()
    return this.#stopping
  }

  async #stop(): Promise<void> {
    if (
      this.#child &&
      !(await terminate(this.#child.identity, { group: true, graceMs: STOP_TIMEOUT_MS }))
    ) {
      throw new CodedError(
        'STAGE_WILL_NOT_END',
        `stage ${this.stage} (process ${this.pid}) survived SIGKILL`,
        { next: 'npx threshold reset' },
      )
    }
    await this.#registration.close()
  }

  async kill(): Promise<void> {
    const child = this.#running
    signal(this.pid, 'SIGKILL', true)
    await exitsWithin(this.identity, 10_000)
    // The process is gone a moment before Node reports its exit.
    await waitUntil(() => child.exitReason() !== undefined, { intervalMs: POLL_MS })
  }

  async restart(): Promise<void> {
    if (this.#stopping) throw new CodedError('STAGE_STOPPED', `stage ${this.stage} was stopped`)
    await terminate(this.identity, { group: true, graceMs: STOP_TIMEOUT_MS })
    await this.launch()
  }

  async pause(): Promise<void> {
    await suspend(this.pid)
  }

  async resume(): Promise<void> {
    signal(this.pid, 'SIGCONT', true)
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop()
  }
}

const notReady = (info: StageInfo, why: string, child: ManagedChild): CodedError =>
  new CodedError(
    'STAGE_NOT_READY',
    `stage ${info.stage} ${why}\n${child.tail().trim().split('\n').slice(-10).join('\n')}`,
    {
      // A stage that knows why it did not start prints its own help.
      next: /^ {2}→ (.+)$/m.exec(child.tail())?.[1] ?? 'npx threshold doctor',
    },
  )
