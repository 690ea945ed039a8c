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
  /** Arguments for the image's entry point; undefined for the image's default. */
  readonly command?: readonly string[]
  readonly environment?: Readonly<Record<string, string>>
  readonly containerPort: number
  /** The port of this machine that Docker forwards to the container. */
  readonly port: number
  /**
   * A folder of this machine that keeps the data; undefined if it is removed with the container.
   */
  readonly dataDir?: { readonly source: string; readonly target: string } | undefined
  /** A file of this machine that the container may read. It keeps a secret out of its arguments. */
  readonly configFile?: { readonly source: string; readonly target: string }
}

const STOP_GRACE_S = 15
const TAIL_LINES = 10

/** Most engines have no password, so Docker publishes their ports only on loopback. */
export function createOptions(
  spec: ContainerSpec,
  registrationId: string,
): Dockerode.ContainerCreateOptions {
  const port = `${spec.containerPort}/tcp`
  const { dataDir, configFile } = spec
  const binds = [
    ...(dataDir ? [`${dataDir.source}:${dataDir.target}`] : []),
    ...(configFile ? [`${configFile.source}:${configFile.target}:ro`] : []),
  ]
  return {
    Image: spec.image,
    ...(spec.command && { Cmd: [...spec.command] }),
    Env: Object.entries(spec.environment ?? {}).map(([name, value]) => `${name}=${value}`),
    Labels: { [REGISTRATION_LABEL]: registrationId, [CACHE_LABEL]: enginesConfig().cacheDir },
    ExposedPorts: { [port]: {} },
    HostConfig: {
      PortBindings: { [port]: [{ HostIp: LOOPBACK, HostPort: String(spec.port) }] },
      ...(binds.length > 0 && { Binds: binds }),
    },
  }
}

/**
 * Creates and starts a container. If this process is killed at any moment, a sweep finds the
 * container by its registration.
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

/** The container of a database, with the controls of a local process. */
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

  /** Why the container exited, in words; undefined while it runs. */
  async exitReason(): Promise<string | undefined> {
    try {
      const { State } = await this.#docker.inspect()
      if (State.Running) return undefined
      return State.OOMKilled ? 'out of memory' : `exit code ${State.ExitCode}`
    } catch (error) {
      if (isNotFound(error)) return 'the container was removed'
      throw error
    }
  }

  /** The last lines of its output. */
  async tail(): Promise<string> {
    const log = await this.#docker
      .logs({ stdout: true, stderr: true, tail: TAIL_LINES })
      .catch(() => undefined)
    return log === undefined ? '' : decodeLog(log).trim()
  }

  async kill(): Promise<void> {
    this.#requireRunning()
    await this.#docker.kill({ signal: 'SIGKILL' })
    this.#state = 'killed'
  }

  /** Returns when the container has started. The database may not answer yet. */
  async restart(): Promise<void> {
    if (this.#state === 'stopped') throw stoppedError(this.#state)
    if (this.#state === 'paused') await this.resume()
    if (this.#state === 'killed') await this.#docker.start()
    else await this.#docker.restart({ t: STOP_GRACE_S })
    this.#state = 'running'
  }

  async pause(): Promise<void> {
    this.#requireRunning()
    if (this.#state === 'running') await this.#docker.pause()
    this.#state = 'paused'
  }

  async resume(): Promise<void> {
    this.#requireRunning()
    if (this.#state === 'paused') await this.#docker.unpause()
    this.#state = 'running'
  }

  stop(): Promise<void> {
    this.#stopping ??= this.#stop()
    return this.#stopping
  }

  /** Only data that is kept needs a clean shutdown. */
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

  #requireRunning(): void {
    if (this.#state === 'stopped' || this.#state === 'killed') throw stoppedError(this.#state)
  }
}

const stoppedError = (state: EngineState): CodedError =>
  new CodedError('ENGINE_STOPPED', `the container is not running: ${state}`)

const HEADER_BYTES = 8

/** Decodes Docker's log frames: one byte for the stream, three unused ones, four for the length. */
function decodeLog(log: Buffer): string {
  const parts: string[] = []
  for (let at = 0; at + HEADER_BYTES <= log.length; ) {
    const end = at + HEADER_BYTES + log.readUInt32BE(at + 4)
    parts.push(log.toString('utf8', at + HEADER_BYTES, end))
    at = end
  }
  return parts.join('')
}
