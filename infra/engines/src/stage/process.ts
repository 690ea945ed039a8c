import { randomBytes } from 'node:crypto'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { CodedError } from '@threshold/kit'
import { type ManagedChild, startChild } from '../process/child.ts'
import type { ProcessIdentity } from '../process/identity.ts'
import { exitsWithin, signal, suspend, terminate } from '../process/terminate.ts'
import { claimPort } from '../registry/claim-port.ts'
import { type Registration, register } from '../registry/registry.ts'
import { listStages, REPOSITORY, type StageInfo } from './list.ts'
import { ADDRESSES, type Addresses } from './running.ts'

export interface StartStageOptions {
  readonly stage: number
  /** Of its MongoDB, with the database's name in it. */
  readonly engineUri: string
  /** Of its Cassandra, with the keyspace in its path; for stages whose messages are there. */
  readonly cassandraUri?: string
  readonly env?: Record<string, string>
  /** Where it listens; without one, any free port, the same after a restart. */
  readonly port?: number
  readonly readyTimeoutMs?: number
  /** What it writes, on either stream, as it writes it. */
  readonly onOutput?: (text: string) => void
}

/**
 * A stage as its users have it: a process with an address. It may be killed and paused like an
 * engine.
 */
export interface StageProcess extends AsyncDisposable {
  readonly stage: number
  readonly url: string
  readonly pid: number
  readonly identity: ProcessIdentity
  /** The last lines it wrote, on either stream. */
  tail(): string
  /** Why it ended, in words; undefined while it runs. */
  exitReason(): string | undefined
  /** SIGTERM, and waits for the end. Idempotent. */
  stop(): Promise<void>
  /** SIGKILL: nothing of it gets to say goodbye. */
  kill(): Promise<void>
  /** Same port, same environment. */
  restart(): Promise<void>
  pause(): Promise<void>
  resume(): Promise<void>
}

/**
 * Node's default costs a stage a hundred MiB more and gains it nothing that we could measure: ADR
 * 21.
 */
const YOUNG_GENERATION = '--max-semi-space-size=4'
const READY_TIMEOUT_MS = 60_000
const STOP_TIMEOUT_MS = 20_000
const POLL_MS = 20

/**
 * Starts a stage and returns when it serves. It ends with this process; should this one be killed,
 * at the next sweep.
 */
export async function startStage(options: StartStageOptions): Promise<StageProcess> {
  const stages = await listStages()
  const info = stages.find(({ stage }) => stage === options.stage)
  if (info === undefined) {
    throw new CodedError(
      'NO_SUCH_STAGE',
      `there is no stage ${options.stage}; there is ${stages.map((s) => s.stage).join(', ')}`,
      {
        next: 'npx threshold stages list',
      },
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
      // The shell's values do not count here: a lab's load and a test go where the stage listens.
      THRESHOLD_PUBLIC_URL: '',
      THRESHOLD_HOSTS: '',
      THRESHOLD_TRUSTED_PROXIES: '',
      ...options.env,
      THRESHOLD_MONGODB_URI: options.engineUri,
      ...(options.cassandraUri === undefined
        ? {}
        : { THRESHOLD_CASSANDRA_URI: options.cassandraUri }),
      THRESHOLD_PORT: String(port),
    }
  }

  /** Where it says that it serves: THRESHOLD_HOST may name another address than the loopback's. */
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
    // What it wrote before anybody could listen.
    if (this.#options.onOutput && child.tail() !== '') this.#options.onOutput(child.tail())
    if (this.#options.onOutput) child.onOutput(this.#options.onOutput)
    await this.#registration.update({ process: child.identity })
    const until = Date.now() + readyTimeoutMs
    for (;;) {
      const [, url] = /^ready (http\S+)$/m.exec(child.tail()) ?? []
      if (url !== undefined) {
        this.#url = url
        break
      }
      if (child.exitReason() !== undefined)
        throw notReady(this.#info, `ended (${child.exitReason()})`, child)
      if (Date.now() > until)
        throw notReady(this.#info, `did not serve within ${readyTimeoutMs} ms`, child)
      await delay(POLL_MS)
    }
    const { engineUri: mongodb, cassandraUri: cassandra } = this.#options
    const addresses: Addresses = {
      v: 1,
      stage: this.stage,
      url: this.url,
      mongodb,
      ...(cassandra === undefined ? {} : { cassandra }),
    }
    // For this user's eyes alone: an address may hold a password. It goes with the run's folder.
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
        {
          next: 'npx threshold reset',
        },
      )
    }
    await this.#registration.close()
  }

  async kill(): Promise<void> {
    const child = this.#running
    signal(this.pid, 'SIGKILL', true)
    await exitsWithin(this.identity, 10_000)
    while (child.exitReason() === undefined) await delay(POLL_MS) // the system knows a moment before we are told
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
      // The stage itself says what helps, where it knows why it did not start.
      next: /^ {2}→ (.+)$/m.exec(child.tail())?.[1] ?? 'npx threshold doctor',
    },
  )
