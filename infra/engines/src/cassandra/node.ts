import { setTimeout as delay } from 'node:timers/promises'
import { CodedError, messageOf } from '@threshold/kit'
import type { EngineState } from '../engine.ts'
import { type ManagedChild, startChild } from '../process/child.ts'
import { exitsWithin, signal, suspend, terminate } from '../process/terminate.ts'
import { type Registration, register } from '../registry/registry.ts'
import { cassandraUri, withCassandraClient } from './address.ts'
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
const STOP_GRACE_MS = 15_000
const POLL_MS = 200

/** One node of a cluster: a JVM on an address of its own. */
export interface CassandraNode {
  readonly address: string
  readonly pid: number | undefined
  state(): EngineState
  kill(): Promise<void>
  restart(): Promise<void>
  pause(): Promise<void>
  resume(): Promise<void>
  nodetool(...args: string[]): Promise<string>
  /** Tombstones scanned, partition sizes, sstables of a table, as this node counts them. */
  tableStats(keyspace: string, table: string): Promise<TableStats>
  /** Sstables that a read looked into, and its time in the node. */
  tableHistograms(keyspace: string, table: string): Promise<TableHistograms>
  /** Stop-the-world pauses so far. */
  pauses(): Promise<Pause[]>
}

export class NativeNode implements CassandraNode {
  readonly address: string
  readonly #settings: NodeSettings
  readonly #java: string
  readonly #home: string
  readonly #registration: Registration
  #child: ManagedChild | undefined
  #state: Exclude<EngineState, 'died'> = 'stopped'

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
    this.#registration = registration
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
      await node.#launch()
      return node
    } catch (error) {
      await node.stop()
      throw error
    }
  }

  get pid(): number | undefined {
    return this.#child?.exitReason() === undefined ? this.#child?.identity.pid : undefined
  }

  state(): EngineState {
    const runs = this.#state === 'running' || this.#state === 'paused'
    return runs && this.#child?.exitReason() !== undefined ? 'died' : this.#state
  }

  async #launch(): Promise<void> {
    const args = await launchArgs(this.#settings)
    const { dir, disk } = this.#settings
    const spec = { command: this.#java, args, cwd: dir, env: JVM_ENVIRONMENT }
    this.#child = await startChild(disk?.wrap(spec) ?? spec, this.#registration.id)
    this.#state = 'running'
    await this.#registration.update({ process: this.#child.identity })
    await waitForCql(this.#settings, this.#child)
  }

  /** Its data goes with it, so it need not end in order. */
  async stop(): Promise<void> {
    if (this.#child) await terminate(this.#child.identity, { group: true, graceMs: 0 })
    this.#state = 'stopped'
    await this.#registration.close()
  }

  async kill(): Promise<void> {
    const child = this.#running()
    signal(child.identity.pid, 'SIGKILL', true)
    await exitsWithin(child.identity, 10_000)
    this.#state = 'killed'
  }

  async restart(): Promise<void> {
    if (this.#child) await terminate(this.#child.identity, { group: true, graceMs: STOP_GRACE_MS })
    await this.#launch()
  }

  async pause(): Promise<void> {
    await suspend(this.#running().identity.pid)
    this.#state = 'paused'
  }

  async resume(): Promise<void> {
    signal(this.#running().identity.pid, 'SIGCONT', true)
    this.#state = 'running'
  }

  nodetool(...args: string[]): Promise<string> {
    return nodetool(this.#place, ...args)
  }

  tableStats(keyspace: string, table: string): Promise<TableStats> {
    return readTableStats(this.#place, keyspace, table)
  }

  tableHistograms(keyspace: string, table: string): Promise<TableHistograms> {
    return readTableHistograms(this.#place, keyspace, table)
  }

  pauses(): Promise<Pause[]> {
    return readPauses(gcLogFile(this.#settings.dir))
  }

  get #place() {
    return { java: this.#java, home: this.#home, jmxPort: this.#settings.jmxPort }
  }

  #running(): ManagedChild {
    if (this.#child === undefined || this.#child.exitReason() !== undefined)
      throw new CodedError('ENGINE_STOPPED', `Cassandra on ${this.address} is not running`)
    return this.#child
  }
}

/** Asks in CQL, since neither the log nor an open port says that a node has joined and serves. */
async function waitForCql(node: NodeSettings, child: ManagedChild): Promise<void> {
  const until = Date.now() + READY_TIMEOUT_MS
  let last = 'it does not listen yet'
  while (Date.now() < until) {
    if (child.exitReason() !== undefined) {
      const said = child.tail().trim().split('\n')
      // Cassandra says why it does not start in one line, and a lab's report has room for one.
      const why =
        said.findLast((line) => line.includes('encountered during startup')) ?? child.exitReason()
      throw new CodedError(
        'ENGINE_DIED',
        `Cassandra on ${node.address} ended at start: ${why}\n${said.slice(-10).join('\n')}`,
        {
          next: 'npx threshold doctor',
        },
      )
    }
    try {
      await withCassandraClient(cassandraUri([node.address], node.cqlPort), (client) =>
        client.execute('SELECT bootstrapped FROM system.local'),
      )
      return
    } catch (error) {
      last = messageOf(error)
    }
    await delay(POLL_MS)
  }
  throw new CodedError(
    'ENGINE_NOT_READY',
    `Cassandra on ${node.address} did not answer within ${READY_TIMEOUT_MS / 1_000} s: ${last}`,
    {
      next: 'npx threshold doctor',
    },
  )
}
