import type { EngineState } from '../engine.ts'
import type { LaunchSpec, ManagedChild } from '../process/child.ts'
import { ServerProcess } from '../process/server-process.ts'
import { waitUntilReady } from '../ready.ts'
import { type Registration, register } from '../registry/registry.ts'
import { cassandraUri, probeCql } from './address.ts'
import { type Pause, readPauses } from './gc-log.ts'
import {
  nodetool,
  readTableHistograms,
  readTableStats,
  type TableHistograms,
  type TableStats,
} from './nodetool.ts'
import {
  gcLogFile,
  JVM_ENVIRONMENT,
  launchArgs,
  type NodeSettings,
  writeSettings,
} from './settings.ts'

const READY_TIMEOUT_MS = 120_000
const POLL_MS = 200
const TAIL_LINES = 10

/** A node of a cluster: a JVM with its own address. */
export interface CassandraNode {
  readonly address: string
  readonly pid: number | undefined
  state(): EngineState
  kill(): Promise<void>
  restart(): Promise<void>
  pause(): Promise<void>
  resume(): Promise<void>
  nodetool(...args: string[]): Promise<string>
  /** The table's counters on this node: tombstones scanned, partition sizes, sstables. */
  tableStats(keyspace: string, table: string): Promise<TableStats>
  /** How many sstables a read of the table touched on this node, and its latency in the node. */
  tableHistograms(keyspace: string, table: string): Promise<TableHistograms>
  /** Stop-the-world pauses since the node started. */
  pauses(): Promise<Pause[]>
}

export class NativeNode implements CassandraNode {
  readonly address: string
  readonly #settings: NodeSettings
  readonly #java: string
  readonly #home: string
  readonly #server: ServerProcess

  private constructor(
    settings: NodeSettings,
    java: string,
    home: string,
    registration: Registration,
  ) {
    this.address = settings.address
    this.#settings = settings
    this.#java = java
    this.#home = home
    this.#server = new ServerProcess({
      product: `Cassandra on ${settings.address}`,
      registration,
      stopGraceMs: 0, // its data is discarded with it
      launchSpec: () => this.#launchSpec(),
      waitUntilReady: (child) => waitForCql(settings, child),
    })
  }

  static async start(
    settings: Omit<NodeSettings, 'dir'>,
    java: string,
    home: string,
  ): Promise<NativeNode> {
    const registration = await register({
      role: 'cassandra',
      text: `Cassandra node ${settings.address}`,
      group: true,
      onExit: 'kill',
    })
    const node = new NativeNode({ ...settings, dir: registration.dir }, java, home, registration)
    try {
      await writeSettings(node.#settings, home)
      await node.#server.launch()
      return node
    } catch (error) {
      await node.stop()
      throw error
    }
  }

  async #launchSpec(): Promise<LaunchSpec> {
    const args = await launchArgs(this.#settings)
    const { dir, disk } = this.#settings
    const spec = { command: this.#java, args, cwd: dir, env: JVM_ENVIRONMENT }
    return disk?.wrap(spec) ?? spec
  }

  get pid(): number | undefined {
    return this.#server.pid
  }

  state = (): EngineState => this.#server.state()
  stop = (): Promise<void> => this.#server.stop()
  kill = (): Promise<void> => this.#server.kill()
  restart = (): Promise<void> => this.#server.restart()
  pause = (): Promise<void> => this.#server.pause()
  resume = (): Promise<void> => this.#server.resume()

  nodetool(...args: string[]): Promise<string> {
    return nodetool(this.#target, ...args)
  }

  tableStats(keyspace: string, table: string): Promise<TableStats> {
    return readTableStats(this.#target, keyspace, table)
  }

  tableHistograms(keyspace: string, table: string): Promise<TableHistograms> {
    return readTableHistograms(this.#target, keyspace, table)
  }

  pauses(): Promise<Pause[]> {
    return readPauses(gcLogFile(this.#settings.dir))
  }

  get #target() {
    return { java: this.#java, home: this.#home, jmxPort: this.#settings.jmxPort }
  }
}

/** Returns when the node answers a CQL query. Joining the ring may take a minute under load. */
const waitForCql = ({ address, cqlPort }: NodeSettings, child: ManagedChild): Promise<void> =>
  waitUntilReady({
    product: `Cassandra on ${address}`,
    intervalMs: POLL_MS,
    timeoutMs: READY_TIMEOUT_MS,
    exitReason: () => child.exitReason() && startupError(child),
    tail: () => linesOf(child).slice(-TAIL_LINES).join('\n'),
    attempt: () => probeCql(cassandraUri([address], cqlPort)),
  })

const linesOf = (child: ManagedChild): string[] => child.tail().trim().split('\n')

/** Cassandra states the cause of a failed start in one line, which fits in a lab's report. */
const startupError = (child: ManagedChild): string | undefined =>
  linesOf(child).findLast((line) => line.includes('encountered during startup')) ??
  child.exitReason()
