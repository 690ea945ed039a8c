import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { CodedError } from '@threshold/kit'
import type { ProcessIdentity } from '../process/identity.ts'
import { claimPort } from '../registry/claim-port.ts'
import { register } from '../registry/registry.ts'
import { type DeployOptions, deployRole } from './deploy.ts'
import { CAN_REUSE_PORTS, environmentsOf, type StageAddresses } from './environment.ts'
import type { StageInfo } from './list.ts'
import type { Replaced } from './replacement.ts'
import { ManagedRole, type RoleProcess } from './role-process.ts'
import { ADDRESSES, type Addresses } from './running.ts'
import { launchSpec, ownVersion, type StageVersion } from './version.ts'

export interface StartStageOptions extends StageAddresses {
  readonly stage: number
  /** The number of processes of a role, such as `{ gateway: 2 }`. Default: see stage.json. */
  readonly processes?: Readonly<Record<string, number>>
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
  /**
   * Replaces all processes of a role by those of another version, one after the other. Rejects with
   * ROLLED_BACK when a new one does not become ready: the old one serves on.
   */
  deploy(options: DeployOptions): Promise<Replaced[]>
  pause(): Promise<void>
  resume(): Promise<void>
}

const READY_TIMEOUT_MS = 60_000

/**
 * Starts a stage and returns when all of its processes serve. The stage ends with this process,
 * also if this process is killed. A role of a stage with several that dies is started again. Throws
 * STAGE_NOT_READY with the last lines of its output.
 */
export async function startStage(options: StartStageOptions): Promise<StageProcess> {
  const version = await versionFor(options)
  const roles: ManagedRole[] = []
  const stage = new RunningStage(options.stage, roles)
  try {
    const planned = await planRoles(version, options)
    roles.push(...planned.map(({ role }) => role))
    await Promise.all(roles.map((role) => role.launch()))
    await writeAddresses(planned[0]!.dir, { ...options, url: stage.url })
    return stage
  } catch (error) {
    await stage.stop()
    throw error
  }
}

async function versionFor(options: StartStageOptions): Promise<StageVersion> {
  const version = await ownVersion(options.stage)
  for (const [engine, option] of [
    ['cassandra', 'cassandraUri'],
    ['nats', 'nats'],
  ] as const)
    if (version.info.engines.includes(engine) && options[option] === undefined)
      throw new CodedError('ENGINE_MISSING', `stage ${options.stage} needs ${engine} too`, {
        next: `pass ${option}`,
      })
  return version
}

interface PlannedRole {
  readonly role: ManagedRole
  readonly dir: string
}

/** The processes of a stage, such as `gateway 2`. The one that answers users comes first. */
export const processesOf = (
  { roles = { stage: 1 } }: Pick<StageInfo, 'roles'>,
  processes: StartStageOptions['processes'] = {},
): { readonly role: string; readonly name: string }[] =>
  Object.entries(roles).flatMap(([role, usual]) => {
    const count = processes[role] ?? usual
    return Array.from({ length: count }, (_, i) => ({
      role,
      name: count === 1 ? role : `${role} ${i + 1}`,
    }))
  })

/** Registers each process with a port of its own. */
async function planRoles(
  version: StageVersion,
  options: StartStageOptions,
): Promise<PlannedRole[]> {
  const { info } = version
  const title = `stage ${info.stage}, ${info.title}`
  const names = processesOf(info, options.processes)
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
    const spec = launchSpec(version, role, {
      ...environments(role, name),
      // The index survives a restart of its process, and goes with the stage.
      ...(role === 'search'
        ? { THRESHOLD_SEARCH_FILE: join(registration.dir, 'search.sqlite') }
        : {}),
      THRESHOLD_PORT: String(port),
      THRESHOLD_REUSE_PORT: info.roles && CAN_REUSE_PORTS ? 'at-once' : 'off',
    })
    const { readyTimeoutMs = READY_TIMEOUT_MS, onOutput } = options
    const respawn = info.roles !== undefined
    const roleOptions = { role, name, text, spec, readyTimeoutMs, respawn, onOutput }
    return { role: new ManagedRole(roleOptions, registration), dir: registration.dir }
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
  #deploying = false

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

  async deploy(options: DeployOptions): Promise<Replaced[]> {
    if (this.#deploying)
      throw new CodedError('DEPLOY_UNDER_WAY', 'another deploy of this stage is under way', {
        next: 'wait for its end',
      })
    this.#deploying = true
    try {
      return await deployRole(this.stage, this.#roles, options)
    } finally {
      this.#deploying = false
    }
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
