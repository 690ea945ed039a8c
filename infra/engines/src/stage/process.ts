import { randomBytes } from 'node:crypto'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { CodedError } from '@threshold/kit'
import type { NatsEngine } from '../nats/engine.ts'
import type { ProcessIdentity } from '../process/identity.ts'
import { claimPort } from '../registry/claim-port.ts'
import { register } from '../registry/registry.ts'
import { listStages, REPOSITORY, type StageInfo } from './list.ts'
import { ManagedRole, type RoleProcess } from './role-process.ts'
import { ADDRESSES, type Addresses } from './running.ts'

export interface StartStageOptions {
  readonly stage: number
  /** The address of its MongoDB, with the database name. */
  readonly engineUri: string
  /** The address of its Cassandra, with a keyspace; for stages whose messages are in Cassandra. */
  readonly cassandraUri?: string
  /** Its NATS, for stages of several processes. It has a user for each role, or is external. */
  readonly nats?: Pick<NatsEngine, 'uriOf'>
  /** The number of processes of a role, such as `{ gateway: 2 }`. Default: see stage.json. */
  readonly processes?: Readonly<Record<string, number>>
  readonly env?: Record<string, string>
  /** The port to listen on; by default a free one, which a restart keeps. */
  readonly port?: number
  readonly readyTimeoutMs?: number
  /** Called with the stage's output, from both streams. */
  readonly onOutput?: (text: string) => void
}

/** A running stage, with the URL for its users. All of its processes can be controlled at once. */
export interface StageProcess extends AsyncDisposable {
  readonly stage: number
  readonly url: string
  /** Its processes. The first one answers at `url`. */
  readonly roles: readonly [RoleProcess, ...RoleProcess[]]
  /** The first process is the one that answers at `url`. */
  readonly pid: number
  readonly identity: ProcessIdentity
  /** The last lines of its output, from all processes. */
  tail(): string
  /** Why it exited, in words; undefined while all processes run. */
  exitReason(): string | undefined
  /** Sends SIGTERM and waits until the stage has exited. Idempotent. */
  stop(): Promise<void>
  /** Sends SIGKILL, so the stage closes nothing. */
  kill(): Promise<void>
  /** Restarts the stage on the same ports with the same environment. */
  restart(): Promise<void>
  pause(): Promise<void>
  resume(): Promise<void>
}

/** Node's default takes a hundred MiB more memory without a measurable gain: see ADR 21. */
const YOUNG_GENERATION = '--max-semi-space-size=4'
const READY_TIMEOUT_MS = 60_000

/**
 * Starts a stage and returns when all of its processes serve. The stage ends with this process,
 * also if this process is killed. A role of a stage with several that dies is started again. Throws
 * STAGE_NOT_READY with the last lines of its output.
 */
export async function startStage(options: StartStageOptions): Promise<StageProcess> {
  const info = await stageInfo(options)
  const roles: ManagedRole[] = []
  const stage = new RunningStage(info.stage, roles)
  try {
    const planned = await planRoles(info, options)
    roles.push(...planned.map(({ role }) => role))
    await Promise.all(roles.map((role) => role.launch()))
    await writeAddresses(planned[0]!.dir, { ...options, url: stage.url })
    return stage
  } catch (error) {
    await stage.stop()
    throw error
  }
}

async function stageInfo(options: StartStageOptions): Promise<StageInfo> {
  const stages = await listStages()
  const info = stages.find(({ stage }) => stage === options.stage)
  if (info === undefined) {
    throw new CodedError(
      'NO_SUCH_STAGE',
      `there is no stage ${options.stage}; there are ${stages.map((s) => s.stage).join(', ')}`,
      { next: 'npx threshold stages list' },
    )
  }
  for (const [engine, option] of [
    ['cassandra', 'cassandraUri'],
    ['nats', 'nats'],
  ] as const)
    if (info.engines.includes(engine) && options[option] === undefined)
      throw new CodedError('ENGINE_MISSING', `stage ${info.stage} needs ${engine} too`, {
        next: `pass ${option}`,
      })
  return info
}

interface PlannedRole {
  readonly role: ManagedRole
  readonly dir: string
}

/** Registers each process with a port of its own. The one that answers users comes first. */
async function planRoles(info: StageInfo, options: StartStageOptions): Promise<PlannedRole[]> {
  const title = `stage ${info.stage}, ${info.title}`
  const names = Object.entries(info.roles ?? { stage: 1 }).flatMap(([role, usual]) => {
    const count = options.processes?.[role] ?? usual
    return Array.from({ length: count }, (_, i) => ({
      role,
      name: count === 1 ? role : `${role} ${i + 1}`,
    }))
  })
  const registered = await Promise.all(
    names.map(async ({ role, name }, index) => {
      const text = info.roles ? `${title}: ${name}` : title
      const registration = await register({ role: 'stage', text, group: true, onExit: 'kill' })
      const port = (index === 0 && options.port) || (await claimPort(registration))
      return { role, name, text, registration, port }
    }),
  )
  const environments = environmentsOf(options, registered)
  return registered.map(({ role, name, text, registration, port }) => {
    const main = join(info.dir, 'src', 'main.ts')
    const args = [YOUNG_GENERATION, main, ...(info.roles ? [role] : [])]
    const env = {
      ...environments(role),
      // The index survives a restart of its process, and goes with the stage.
      ...(role === 'search'
        ? { THRESHOLD_SEARCH_FILE: join(registration.dir, 'search.sqlite') }
        : {}),
      THRESHOLD_PORT: String(port),
    }
    const spec = { command: process.execPath, args, env, cwd: REPOSITORY }
    const { readyTimeoutMs = READY_TIMEOUT_MS, onOutput } = options
    const respawn = info.roles !== undefined
    const roleOptions = { role, name, text, spec, readyTimeoutMs, respawn, onOutput }
    return { role: new ManagedRole(roleOptions, registration), dir: registration.dir }
  })
}

/** The environment of each role. Clients reach the gateways at the addresses that the api tells. */
function environmentsOf(
  { env = {}, engineUri, cassandraUri, nats }: StartStageOptions,
  processes: readonly { readonly role: string; readonly port: number }[],
): (role: string) => Record<string, string> {
  const portsOf = (role: string) =>
    processes.filter((each) => each.role === role).map(({ port }) => port)
  const gateways = portsOf('gateway').map((port) => `ws://127.0.0.1:${port}`)
  const pages = portsOf('api').flatMap((port) => [
    `http://127.0.0.1:${port}`,
    `http://localhost:${port}`,
  ])
  const list = (given: string | undefined, own: readonly string[]): string =>
    [given ?? '', ...own].filter((each) => each !== '').join(',')
  const common = {
    THRESHOLD_TOKEN_SECRET: randomBytes(32).toString('hex'),
    THRESHOLD_PROVISIONING: 'on',
    THRESHOLD_HEARTBEAT_MS: '2000',
    // Overrides values of the user's shell: labs and tests use the address the stage listens on.
    THRESHOLD_PUBLIC_URL: '',
    THRESHOLD_GATEWAY_URL: '',
    THRESHOLD_HOSTS: '',
    THRESHOLD_ORIGINS: '',
    THRESHOLD_TRUSTED_PROXIES: '',
    ...env,
    THRESHOLD_MONGODB_URI: engineUri,
    ...(cassandraUri === undefined ? {} : { THRESHOLD_CASSANDRA_URI: cassandraUri }),
  }
  return (role) => ({
    ...common,
    ...(nats === undefined ? {} : { THRESHOLD_NATS_URI: nats.uriOf(role) }),
    ...(role === 'api' && common.THRESHOLD_PUBLIC_URL === ''
      ? { THRESHOLD_GATEWAY_URL: common.THRESHOLD_GATEWAY_URL || gateways.join(',') }
      : {}),
    ...(role === 'gateway' ? { THRESHOLD_ORIGINS: list(common.THRESHOLD_ORIGINS, pages) } : {}),
  })
}

/**
 * Only this user may read the file, since an address may contain a password. It is removed with the
 * registration.
 */
async function writeAddresses(
  dir: string,
  options: StartStageOptions & { readonly url: string },
): Promise<void> {
  const { stage, url, engineUri: mongodb, cassandraUri: cassandra } = options
  const addresses: Addresses = {
    v: 1,
    stage,
    url,
    mongodb,
    ...(cassandra === undefined ? {} : { cassandra }),
  }
  await writeFile(join(dir, ADDRESSES), JSON.stringify(addresses), { mode: 0o600 })
}

class RunningStage implements StageProcess {
  readonly stage: number
  readonly #roles: readonly ManagedRole[]

  constructor(stage: number, roles: readonly ManagedRole[]) {
    this.stage = stage
    this.#roles = roles
  }

  get roles(): readonly [ManagedRole, ...ManagedRole[]] {
    return this.#roles as [ManagedRole, ...ManagedRole[]]
  }

  /** The URL that the stage prints. THRESHOLD_HOST may set another address than loopback. */
  get url(): string {
    return this.roles[0].url
  }

  get identity(): ProcessIdentity {
    return this.roles[0].identity
  }

  get pid(): number {
    return this.identity.pid
  }

  tail = (): string => this.#roles.map((role) => role.tail()).join('')

  exitReason(): string | undefined {
    const [ended] = this.#roles.flatMap((role) => {
      const reason = role.exitReason()
      if (reason === undefined) return []
      return [this.#roles.length === 1 ? reason : `${role.name}: ${reason}`]
    })
    return ended
  }

  async stop(): Promise<void> {
    await this.#each((role) => role.stop())
  }

  async kill(): Promise<void> {
    await this.#each((role) => role.kill())
  }

  async restart(): Promise<void> {
    await this.#each((role) => role.restart())
  }

  async pause(): Promise<void> {
    await this.#each((role) => role.pause())
  }

  async resume(): Promise<void> {
    await this.#each((role) => role.resume())
  }

  /** Waits for all, also when one fails. */
  async #each(work: (role: ManagedRole) => Promise<void>): Promise<void> {
    const outcomes = await Promise.allSettled(this.#roles.map(work))
    for (const outcome of outcomes) if (outcome.status === 'rejected') throw outcome.reason
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop()
  }
}
