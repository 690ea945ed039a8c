import { CodedError } from '@threshold/kit'
import { cannotScale, type EngineState, engineLabel, mebibytesToBytes } from '../engine.ts'
import { requireJava } from '../java.ts'
import { withLock } from '../lock.ts'
import type { OnProgress } from '../progress.ts'
import { claimPort } from '../registry/claim-port.ts'
import { type Registration, register } from '../registry/registry.ts'
import { VERSIONS } from '../versions.ts'
import { cassandraUri } from './address.ts'
import {
  type CassandraEngine,
  collectorOf,
  DEFAULT_HEAP_MB,
  MAX_NODES,
  type StartCassandraOptions,
} from './engine.ts'
import { installCassandra } from './install.ts'
import { type CassandraNode, NativeNode } from './node.ts'
import { MIN_CACHE_MB } from './settings.ts'

const ADDRESSES = ['127.0.0.1', '127.0.0.2', '127.0.0.3'] as const
/** The label names the heap size: a small heap on a laptop gives other figures than a server. */
const label = (heapMb: number) =>
  engineLabel({
    product: `Cassandra, ${heapMb} MB heap`,
    version: VERSIONS.cassandra,
    provider: 'native',
  })

/**
 * Starts a cluster of local processes. Each node has its own loopback address and all use the same
 * ports, as on separate machines.
 */
export async function startNativeCassandra(
  options: StartCassandraOptions,
  onProgress: OnProgress,
): Promise<CassandraEngine> {
  const java = await requireJava()
  const home = await installCassandra(onProgress)
  const registration = await register({ role: 'ports', text: 'ports of a Cassandra cluster' })
  const cluster = new Cluster(options, {
    java,
    home,
    registration,
    onProgress,
    cqlPort: await claimPort(registration),
    storagePort: await claimPort(registration),
  })
  try {
    const { nodes = 1 } = options
    while (cluster.nodes().length < nodes) await cluster.addNode()
    return cluster
  } catch (error) {
    await cluster.stop()
    throw error
  }
}

interface ClusterContext {
  readonly java: string
  readonly home: string
  readonly registration: Registration
  readonly onProgress: OnProgress
  readonly cqlPort: number
  readonly storagePort: number
}

class Cluster implements CassandraEngine {
  readonly kind = 'cassandra'
  readonly label
  readonly #options: StartCassandraOptions
  readonly #context: ClusterContext
  readonly #nodes: NativeNode[] = []
  #stopping: Promise<void> | undefined

  constructor(options: StartCassandraOptions, context: ClusterContext) {
    this.#options = options
    this.#context = context
    this.label = label(options.heapMb ?? DEFAULT_HEAP_MB)
  }

  get uri(): string {
    return cassandraUri(
      this.#nodes.map((node) => node.address),
      this.#context.cqlPort,
    )
  }

  get pid(): number | undefined {
    return this.#nodes[0]?.pid
  }

  nodes(): readonly CassandraNode[] {
    return this.#nodes
  }

  state(): EngineState {
    return this.#nodes[0]?.state() ?? 'stopped'
  }

  limits(): { cacheBytes: number } {
    return { cacheBytes: mebibytesToBytes(this.#options.cacheMb ?? MIN_CACHE_MB) }
  }

  async addNode(): Promise<CassandraNode> {
    const address = ADDRESSES[this.#nodes.length]
    if (address === undefined || this.#stopping)
      throw cannotScale('Cassandra', this.#nodes.length + 1)
    const { java, home, cqlPort, storagePort, onProgress, registration } = this.#context
    onProgress({ text: `starting Cassandra ${VERSIONS.cassandra} on ${address} (7 to 35 s)` })
    const settings = {
      address,
      seeds: [ADDRESSES[0]],
      cqlPort,
      storagePort,
      jmxPort: await claimPort(registration),
      heapMb: this.#options.heapMb ?? DEFAULT_HEAP_MB,
      collector: collectorOf(this.#options),
      cacheMb: this.#options.cacheMb,
      commitLog: this.#options.commitLog ?? 'batch',
      shortLived: this.#options.shortLived ?? false,
      unsafeSystem: this.#options.unsafeSystem ?? false,
      disk: this.#options.disk,
      bootstrap: this.#nodes.length > 0,
    } as const
    // Nodes must join a Cassandra cluster one at a time, and two cores carry only one start.
    const node = await withLock('cassandra-start', { timeoutMs: 600_000 }, () =>
      NativeNode.start(settings, java, home),
    )
    this.#nodes.push(node)
    return node
  }

  async scale(nodes: number): Promise<void> {
    if (nodes < this.#nodes.length || nodes > MAX_NODES) throw cannotScale('Cassandra', nodes)
    while (this.#nodes.length < nodes) await this.addNode()
  }

  stop(): Promise<void> {
    this.#stopping ??= this.#stop()
    return this.#stopping
  }

  async #stop(): Promise<void> {
    await Promise.all(this.#nodes.map((node) => node.stop()))
    await this.#context.registration.close()
  }

  kill = (): Promise<void> => this.#first.kill()
  restart = (): Promise<void> => this.#first.restart()
  pause = (): Promise<void> => this.#first.pause()
  resume = (): Promise<void> => this.#first.resume()

  get #first(): NativeNode {
    const [first] = this.#nodes
    if (first === undefined) throw new CodedError('ENGINE_STOPPED', 'Cassandra is not running')
    return first
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop()
  }
}
