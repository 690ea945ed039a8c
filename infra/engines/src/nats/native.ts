import { join } from 'node:path'
import { cannotScale, type EngineLabel, type EngineState, engineLabel } from '../engine.ts'
import type { LaunchSpec, ManagedChild } from '../process/child.ts'
import { isListening, LOOPBACK } from '../process/ports.ts'
import { ServerProcess } from '../process/server-process.ts'
import type { OnProgress } from '../progress.ts'
import { waitUntilReady } from '../ready.ts'
import { claimPort } from '../registry/claim-port.ts'
import { type Registration, register } from '../registry/registry.ts'
import { VERSIONS } from '../versions.ts'
import type { NatsEngine, NatsServer, StartNatsOptions } from './engine.ts'
import { installNats } from './install.ts'
import { probeAnswer, probeHealth } from './probe.ts'
import {
  environmentOf,
  limitsOf,
  type NatsSettings,
  natsSettings,
  probeAddress,
  productOf,
  uriOf,
  writeSettings,
} from './settings.ts'

const BIND_TRIES = 5
const POLL_MS = 20
const READY_TIMEOUT_MS = 60_000
const TAIL_LINES = 10

/**
 * Starts one server or a cluster of three as local processes. If another process took one of their
 * ports in the meantime, it tries again on other ports, up to `BIND_TRIES` times in all.
 */
export async function startNativeNats(
  options: StartNatsOptions,
  onProgress: OnProgress,
): Promise<NatsEngine> {
  const program = await installNats(onProgress)
  const { servers = 1 } = options
  onProgress({ text: `starting NATS ${VERSIONS.nats}${servers === 1 ? '' : ' on 3 servers'}` })
  for (let attempt = 1; ; attempt++) {
    const cluster = new Cluster(program, natsSettings(options), servers)
    try {
      await cluster.start()
      return cluster
    } catch (error) {
      const portTaken = cluster.portWasTaken()
      await cluster.stop()
      if (!portTaken || attempt === BIND_TRIES) throw error
    }
  }
}

interface Member {
  readonly name: string
  readonly registration: Registration
  /** `host:port` for clients. */
  readonly address: string
  /** `host:port` for the other servers. */
  readonly routeAddress: string
  readonly process: ServerProcess
}

class Cluster implements NatsEngine {
  readonly kind = 'nats'
  readonly label: EngineLabel
  readonly #program: string
  readonly #settings: NatsSettings
  readonly #size: number
  readonly #members: Member[] = []
  #started = false

  constructor(program: string, settings: NatsSettings, size: number) {
    const product = productOf(settings, size)
    this.label = engineLabel({ product, version: VERSIONS.nats, provider: 'native' })
    this.#program = program
    this.#settings = settings
    this.#size = size
  }

  /** The configuration of a server names the ports of all, so all are claimed first. */
  async start(): Promise<void> {
    while (this.#members.length < this.#size) await this.#addMember()
    await Promise.all(this.#members.map(({ process }) => process.launch()))
    this.#started = true
  }

  portWasTaken(): boolean {
    return this.#members.some(({ process }) => process.tail().includes('address already in use'))
  }

  async #addMember(): Promise<void> {
    const name = `n${this.#members.length + 1}`
    const text = `NATS server ${name}`
    const registration = await register({ role: 'nats', text, group: true, onExit: 'kill' })
    const process = new ServerProcess({
      product: text,
      registration,
      stopGraceMs: 0,
      launchSpec: () => this.#launchSpec(member),
      waitUntilReady: (child) => this.#waitUntilReady(member, child),
    })
    const claimAddress = async () => `${LOOPBACK}:${await claimPort(registration)}`
    const member = { name, registration, process, address: '', routeAddress: '' }
    this.#members.push(member)
    member.address = await claimAddress()
    if (this.#size > 1) member.routeAddress = await claimAddress()
  }

  async #launchSpec({ name, registration, address, routeAddress }: Member): Promise<LaunchSpec> {
    const { dir } = registration
    const file = join(dir, 'nats.conf')
    const routes = this.#members.map((member) => member.routeAddress)
    await writeSettings(file, this.#settings, {
      name,
      listen: address,
      storeDir: join(dir, 'data'),
      cluster: this.#size === 1 ? undefined : { listen: routeAddress, routes },
    })
    const env = environmentOf(this.#settings)
    return { command: this.#program, args: ['--config', file], cwd: dir, env }
  }

  #waitUntilReady({ name, address }: Member, child: ManagedChild): Promise<void> {
    const probe = probeAddress(this.#settings, address)
    const port = Number(address.split(':')[1])
    return waitUntilReady({
      product: `NATS server ${name}`,
      intervalMs: POLL_MS,
      timeoutMs: READY_TIMEOUT_MS,
      exitReason: () => child.exitReason(),
      tail: () => child.tail().trim().split('\n').slice(-TAIL_LINES).join('\n'),
      attempt: async () => {
        if (!(await isListening(port))) throw new Error('it does not listen yet')
        // A cluster without most of its servers has no leader, so none of them is healthy.
        const healthy = !this.#started || this.#mostRun()
        await (healthy ? probeHealth(probe) : probeAnswer(probe))
      },
    })
  }

  #mostRun(): boolean {
    const running = this.#members.filter(({ process }) => process.state() === 'running')
    return running.length * 2 > this.#size
  }

  get uri(): string {
    return this.uriOf()
  }

  uriOf(user?: string): string {
    const addresses = this.#members.map(({ address }) => address)
    return uriOf(this.#settings, addresses, user)
  }

  servers(): readonly NatsServer[] {
    return this.#members.map(({ name, address, process }) => ({
      name,
      address,
      get pid() {
        return process.pid
      },
      state: process.state,
      kill: process.kill,
      restart: process.restart,
      pause: process.pause,
      resume: process.resume,
      stop: process.stop,
    }))
  }

  get #first(): ServerProcess {
    return this.#members[0]!.process
  }

  get pid(): number | undefined {
    return this.#first.pid
  }

  state = (): EngineState => this.#first.state()
  kill = (): Promise<void> => this.#first.kill()
  restart = (): Promise<void> => this.#first.restart()
  pause = (): Promise<void> => this.#first.pause()
  resume = (): Promise<void> => this.#first.resume()
  limits = () => limitsOf(this.#settings)

  async scale(nodes: number): Promise<void> {
    if (nodes !== this.#size) throw cannotScale('a running NATS', nodes)
  }

  async stop(): Promise<void> {
    await Promise.all(this.#members.map(({ process }) => process.stop()))
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop()
  }
}
