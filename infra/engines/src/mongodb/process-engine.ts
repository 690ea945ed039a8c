import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { CodedError } from '@threshold/kit'
import {
  cannotScale,
  type Engine,
  type EngineLabel,
  type EngineLimits,
  type EngineState,
} from '../engine.ts'
import type { LaunchSpec, LaunchWrapper, ManagedChild } from '../process/child.ts'
import { ServerProcess } from '../process/server-process.ts'
import { claimPort } from '../registry/claim-port.ts'
import { type Registration, register } from '../registry/registry.ts'
import { localUri, waitForMongo } from './ready.ts'

export interface ProcessEngineOptions {
  readonly label: EngineLabel
  /** The command that starts the server on this port, with its data in this folder. */
  readonly launchSpec: (port: number, dataDir: string) => LaunchSpec
  readonly limits: EngineLimits
  /** A folder that keeps the data; undefined if the data is discarded with the engine. */
  readonly dataDir?: string | undefined
  readonly wrap?: LaunchWrapper | undefined
  /** The data format. A kept folder of another format is refused. */
  readonly format: string
  /** Whether the server needs a replica set before it accepts writes. */
  readonly replicaSet: boolean
  readonly readyTimeoutMs?: number
}

const BIND_TRIES = 5
const READY_TIMEOUT_MS = 90_000
const STOP_GRACE_MS = 15_000

/**
 * Starts a server as a local process, and resolves when it accepts writes. If another process takes
 * the chosen port first, it starts the server on another port, up to `BIND_TRIES` times in all.
 */
export async function startProcessEngine(options: ProcessEngineOptions): Promise<Engine> {
  if (options.dataDir !== undefined)
    await claimDataDir(options.dataDir, options.format, options.label.product)
  for (let attempt = 1; ; attempt++) {
    const registration = await register({
      role: 'mongodb',
      text: options.label.text,
      group: true,
      onExit: options.dataDir === undefined ? 'kill' : 'term',
    })
    let engine: ProcessEngine | undefined
    try {
      engine = new ProcessEngine(options, registration, await claimPort(registration))
      await engine.launch()
      return engine
    } catch (error) {
      const portTaken = engine?.portWasTaken() === true
      // `stop` closes the registration too.
      await (engine === undefined ? registration.close() : engine.stop())
      if (!portTaken || attempt === BIND_TRIES) throw error
    }
  }
}

class ProcessEngine implements Engine {
  readonly kind = 'mongodb'
  readonly label: EngineLabel
  readonly uri: string
  readonly #options: ProcessEngineOptions
  readonly #registration: Registration
  readonly #port: number
  readonly #server: ServerProcess

  constructor(options: ProcessEngineOptions, registration: Registration, port: number) {
    this.label = options.label
    this.uri = localUri(port)
    this.#options = options
    this.#registration = registration
    this.#port = port
    this.#server = new ServerProcess({
      product: options.label.product,
      registration,
      // Only data that is kept needs a clean shutdown.
      stopGraceMs: options.dataDir === undefined ? 0 : STOP_GRACE_MS,
      launchSpec: () => this.#launchSpec(),
      waitUntilReady: (child) => this.#waitUntilReady(child),
    })
  }

  async #launchSpec(): Promise<LaunchSpec> {
    const { launchSpec, wrap } = this.#options
    const dataDir = this.#options.dataDir ?? join(this.#registration.dir, 'data')
    await mkdir(dataDir, { recursive: true })
    const spec = launchSpec(this.#port, dataDir)
    return wrap?.(spec) ?? spec
  }

  #waitUntilReady(child: ManagedChild): Promise<void> {
    const { label, replicaSet, readyTimeoutMs = READY_TIMEOUT_MS } = this.#options
    return waitForMongo({
      uri: this.uri,
      port: this.#port,
      product: label.product,
      timeoutMs: readyTimeoutMs,
      child,
      ...(replicaSet ? { initiateAs: `127.0.0.1:${this.#port}` } : {}),
    })
  }

  /** The server's own message. EADDRINUSE is errno 98 on Linux and 48 on macOS. */
  portWasTaken(): boolean {
    return /address (already )?in use|EADDRINUSE|errno 98|errno 48/i.test(this.#server.tail())
  }

  get pid(): number | undefined {
    return this.#server.pid
  }

  launch = (): Promise<void> => this.#server.launch()
  state = (): EngineState => this.#server.state()
  stop = (): Promise<void> => this.#server.stop()
  kill = (): Promise<void> => this.#server.kill()
  restart = (): Promise<void> => this.#server.restart()
  pause = (): Promise<void> => this.#server.pause()
  resume = (): Promise<void> => this.#server.resume()
  limits = (): EngineLimits => this.#options.limits

  async scale(nodes: number): Promise<void> {
    if (nodes !== 1) throw cannotScale(this.label.product, nodes)
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop()
  }
}

const FORMAT_FILE = 'threshold-engine.json'

/**
 * Refuses a folder that is marked with another format, and marks a folder that has no mark yet. All
 * these servers store WiredTiger files, and a server could destroy the files of another product by
 * opening them.
 */
async function claimDataDir(dir: string, format: string, product: string): Promise<void> {
  await mkdir(dir, { recursive: true })
  const file = join(dir, FORMAT_FILE)
  const written = await readFile(file, 'utf8').catch(() => undefined)
  if (written === undefined) return await writeFile(file, `${JSON.stringify({ v: 1, format })}\n`)
  if (written.includes(JSON.stringify(format))) return
  throw new CodedError(
    'DATA_OF_OTHER_ENGINE',
    `${product} cannot use ${dir}: another engine wrote it (${written.trim()})`,
    { next: 'use the engine that wrote the folder, or choose another folder' },
  )
}
