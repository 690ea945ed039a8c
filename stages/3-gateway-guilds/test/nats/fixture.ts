import { randomBytes } from 'node:crypto'
import { dedicatedNats } from '@threshold/engines/testing'
import { createRuntime, type Runtime } from '@threshold/kit'
import { connectNats, type Nats, type NatsConfig } from '../../src/nats/connect.ts'

/** The configuration that an address of an engine means. */
export function natsConfig(uri: string): NatsConfig {
  const { username, password, host } = new URL(uri)
  return { servers: [host], user: username, password, replicas: 1 }
}

export interface NatsFixture {
  readonly config: NatsConfig
  /** The runtime of the last connection. Each has its own, as each process has. */
  readonly runtime: Runtime
  /** A connection as another process would have one. */
  connect(name?: string): Promise<Nats>
  kill(): Promise<void>
  restart(): Promise<void>
}

/** A NATS of its own for a suite. Disposing `use` closes all connections and stops it. */
export async function natsFixture(use: AsyncDisposableStack): Promise<NatsFixture> {
  const engine = use.use(await dedicatedNats())
  const config = natsConfig(engine.uri)
  let runtime = createRuntime({ random: randomBytes })
  return {
    config,
    get runtime() {
      return runtime
    },
    async connect(name = 'test') {
      runtime = createRuntime({ random: randomBytes })
      use.use(runtime.telemetry)
      return use.use(await connectNats(config, name, runtime))
    },
    kill: () => engine.kill(),
    restart: () => engine.restart(),
  }
}
