import { CodedError } from '@threshold/kit'
import { getContainerRuntimeClient, ImageName, type StartedTestContainer, Wait } from 'testcontainers'
import { cannotScale, type Engine, type EngineState, labelText } from '../engine.ts'
import { LoopbackContainer } from '../process/loopback-container.ts'
import { claimPort } from '../run/claim-port.ts'
import { openRun, type Run } from '../run/registry.ts'
import { VERSIONS } from '../versions.ts'
import { DEFAULT_CACHE_MB, mebibytes, type StartOptions } from './provider.ts'
import { localUri, REPLICA_SET, waitUntilReady } from './ready.ts'

const INSIDE = 27_017
const READY_WITHIN_MS = 120_000
const STOP_GRACE_S = 15

/** Loaded only where Docker answers; see docker-provider.ts. */
export async function startDockerMongo(options: StartOptions): Promise<Engine> {
  const cacheMb = options.cacheMb ?? DEFAULT_CACHE_MB
  const label = labelText({ product: 'MongoDB', version: VERSIONS.mongodb, provider: 'docker' })
  const run = await openRun({ role: 'mongodb', text: label.text, ending: 'ask' })
  try {
    // A port of our choice and not one of Docker's: a container that was killed would come back on another.
    const port = await claimPort(run)
    options.onProgress({ text: `starting ${VERSIONS.mongodbImage} in Docker` })
    const container = await new LoopbackContainer(VERSIONS.mongodbImage)
      .withCommand(['--replSet', REPLICA_SET, '--bind_ip_all', '--wiredTigerCacheSizeGB', String(cacheMb / 1024), '--quiet'])
      .withExposedPorts({ container: INSIDE, host: port })
      .withBindMounts(options.dataDir === undefined ? [] : [{ source: options.dataDir, target: '/data/db', mode: 'rw' }])
      .withWaitStrategy(Wait.forListeningPorts())
      .withStartupTimeout(READY_WITHIN_MS)
      .start()
    await run.update({ containerId: container.getId() })
    const engine = new DockerEngine(container, run, port, mebibytes(cacheMb))
    await engine.ready()
    return engine
  } catch (error) {
    await run.close()
    throw error
  }
}

/** Fetches the image, so that a start need not. */
export async function pullDockerMongo(): Promise<void> {
  const runtime = await getContainerRuntimeClient()
  await runtime.image.pull(ImageName.fromString(VERSIONS.mongodbImage))
}

class DockerEngine implements Engine {
  readonly kind = 'mongodb'
  readonly label = labelText({ product: 'MongoDB', version: VERSIONS.mongodb, provider: 'docker' })
  readonly uri: string
  /** Its process belongs to Docker. */
  readonly pid = undefined
  readonly #container: StartedTestContainer
  readonly #run: Run
  readonly #port: number
  readonly #cacheBytes: number
  #state: EngineState = 'running'
  #stopping: Promise<void> | undefined

  constructor(container: StartedTestContainer, run: Run, port: number, cacheBytes: number) {
    this.uri = localUri(port)
    this.#container = container
    this.#run = run
    this.#port = port
    this.#cacheBytes = cacheBytes
  }

  state(): EngineState {
    return this.#state
  }

  limits(): { cacheBytes: number } {
    return { cacheBytes: this.#cacheBytes }
  }

  async ready(): Promise<void> {
    await waitUntilReady({
      uri: this.uri,
      port: this.#port,
      product: 'MongoDB',
      withinMs: READY_WITHIN_MS,
      // The name it has for itself, inside: clients come by directConnection and never look for it.
      initiateAs: `127.0.0.1:${INSIDE}`,
    })
    this.#state = 'running'
  }

  stop(): Promise<void> {
    this.#stopping ??= this.#stop()
    return this.#stopping
  }

  async #stop(): Promise<void> {
    if (this.#state === 'paused') await (await this.#docker()).unpause()
    await this.#container.stop({ timeout: STOP_GRACE_S * 1_000, remove: true, removeVolumes: true })
    this.#state = 'stopped'
    await this.#run.close()
  }

  async kill(): Promise<void> {
    await (await this.#docker()).kill({ signal: 'SIGKILL' })
    this.#state = 'killed'
  }

  async restart(): Promise<void> {
    const docker = await this.#docker()
    if (this.#state === 'killed') await docker.start()
    else await docker.restart({ t: STOP_GRACE_S })
    await this.ready()
  }

  async pause(): Promise<void> {
    await (await this.#docker()).pause()
    this.#state = 'paused'
  }

  async resume(): Promise<void> {
    await (await this.#docker()).unpause()
    this.#state = 'running'
  }

  async scale(nodes: number): Promise<void> {
    if (nodes !== 1) throw cannotScale('MongoDB', nodes)
  }

  async #docker() {
    if (this.#state === 'stopped') throw new CodedError('ENGINE_STOPPED', 'MongoDB is not running')
    const runtime = await getContainerRuntimeClient()
    return runtime.container.getById(this.#container.getId())
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop()
  }
}
