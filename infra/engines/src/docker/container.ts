import { CodedError } from '@threshold/kit/errors'
import type Dockerode from 'dockerode'
import { enginesConfig } from '../config.ts'
import type { EngineState } from '../engine.ts'
import { LOOPBACK } from '../process/ports.ts'
import type { Registration } from '../registry/registry.ts'
import type { Docker } from './find.ts'
import { isNotFound } from './image.ts'
import { CACHE_LABEL, REGISTRATION_LABEL } from './labels.ts'

export interface ContainerSpec {
  readonly image: string
  /** Behind the image's entry point; without one, what the image says itself. */
  readonly command?: readonly string[]
  readonly environment?: Readonly<Record<string, string>>
  /** The container's port, and the port of this machine that leads to it. */
  readonly containerPort: number
  readonly port: number
  /** A folder of this machine, where the data stays; without one it goes with the container. */
  readonly dataDir?: { readonly source: string; readonly target: string } | undefined
}

const STOP_GRACE_S = 15
const TAIL_LINES = 10

/** The engines ask for no password, so Docker publishes their ports on loopback alone. */
export function createOptions(
  spec: ContainerSpec,
  runId: string,
): Dockerode.ContainerCreateOptions {
  const port = `${spec.containerPort}/tcp`
  return {
    Image: spec.image,
    ...(spec.command && { Cmd: [...spec.command] }),
    Env: Object.entries(spec.environment ?? {}).map(([name, value]) => `${name}=${value}`),
    Labels: { [REGISTRATION_LABEL]: runId, [CACHE_LABEL]: enginesConfig().cacheDir },
    ExposedPorts: { [port]: {} },
    HostConfig: {
      PortBindings: { [port]: [{ HostIp: LOOPBACK, HostPort: String(spec.port) }] },
      ...(spec.dataDir && { Binds: [`${spec.dataDir.source}:${spec.dataDir.target}`] }),
    },
  }
}

/**
 * Creates and starts a container. If this process is killed at any moment, the run's entry leads to
 * the container.
 */
export async function startContainer(
  docker: Docker,
  spec: ContainerSpec,
  registration: Registration,
): Promise<Container> {
  await registration.update({ dockerHost: docker.host })
  const created = await docker.client.createContainer(createOptions(spec, registration.id))
  await registration.update({ containerId: created.id })
  const container = new Container(created, registration, spec.dataDir !== undefined)
  try {
    await created.start()
    return container
  } catch (error) {
    await container.stop()
    throw error
  }
}

/** A database in a container that runs: killed, paused and restarted as a process would be. */
export class Container {
  readonly #docker: Dockerode.Container
  readonly #registration: Registration
  readonly #keepsData: boolean
  #state: EngineState = 'running'
  #stopping: Promise<void> | undefined

  constructor(docker: Dockerode.Container, registration: Registration, keepsData: boolean) {
    this.#docker = docker
    this.#registration = registration
    this.#keepsData = keepsData
  }

  state(): EngineState {
    return this.#state
  }

  /** Why it no longer runs, in words; undefined while it runs. */
  async exitReason(): Promise<string | undefined> {
    try {
      const { State } = await this.#docker.inspect()
      if (State.Running) return undefined
      return State.OOMKilled ? 'out of memory' : `exit code ${State.ExitCode}`
    } catch (error) {
      if (isNotFound(error)) return 'somebody removed the container'
      throw error
    }
  }

  /** The last lines that it wrote. */
  async tail(): Promise<string> {
    const log = await this.#docker
      .logs({ stdout: true, stderr: true, tail: TAIL_LINES })
      .catch(() => undefined)
    return log === undefined ? '' : textOf(log).trim()
  }

  async kill(): Promise<void> {
    this.#mustRun()
    await this.#docker.kill({ signal: 'SIGKILL' })
    this.#state = 'killed'
  }

  /** Returns once Docker has started it again: whether the database answers is another question. */
  async restart(): Promise<void> {
    if (this.#state === 'stopped') throw notRunning(this.#state)
    if (this.#state === 'paused') await this.resume()
    if (this.#state === 'killed') await this.#docker.start()
    else await this.#docker.restart({ t: STOP_GRACE_S })
    this.#state = 'running'
  }

  async pause(): Promise<void> {
    this.#mustRun()
    if (this.#state === 'running') await this.#docker.pause()
    this.#state = 'paused'
  }

  async resume(): Promise<void> {
    this.#mustRun()
    if (this.#state === 'paused') await this.#docker.unpause()
    this.#state = 'running'
  }

  stop(): Promise<void> {
    this.#stopping ??= this.#stop()
    return this.#stopping
  }

  /** Data that goes with the container need not be closed in order. */
  async #stop(): Promise<void> {
    try {
      if (this.#keepsData && this.#state !== 'killed') {
        if (this.#state === 'paused') await this.resume()
        await this.#docker.stop({ t: STOP_GRACE_S })
      }
      await this.#docker.remove({ force: true, v: true })
    } catch (error) {
      if (!isNotFound(error)) throw error
    }
    this.#state = 'stopped'
    await this.#registration.close()
  }

  #mustRun(): void {
    if (this.#state === 'stopped' || this.#state === 'killed') throw notRunning(this.#state)
  }
}

const notRunning = (state: EngineState): CodedError =>
  new CodedError('ENGINE_STOPPED', `the container is not running: ${state}`)

const HEADER_BYTES = 8

/**
 * Docker frames the two streams of a log: a byte for which one, three of nothing, four for the
 * length.
 */
function textOf(log: Buffer): string {
  const parts: string[] = []
  for (let at = 0; at + HEADER_BYTES <= log.length; ) {
    const end = at + HEADER_BYTES + log.readUInt32BE(at + 4)
    parts.push(log.toString('utf8', at + HEADER_BYTES, end))
    at = end
  }
  return parts.join('')
}
