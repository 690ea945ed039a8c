import { join } from 'node:path'
import { type Container, startContainer } from '../docker/container.ts'
import { containerControls } from '../docker/controls.ts'
import type { Docker } from '../docker/find.ts'
import { ensureImage } from '../docker/image.ts'
import { waitForContainer } from '../docker/ready.ts'
import { cannotScale, engineLabel } from '../engine.ts'
import { LOOPBACK } from '../process/ports.ts'
import type { OnProgress } from '../progress.ts'
import { claimPort } from '../registry/claim-port.ts'
import { register } from '../registry/registry.ts'
import { NATS_IMAGE } from '../versions.ts'
import type { NatsEngine, StartNatsOptions } from './engine.ts'
import { probeHealth } from './probe.ts'
import {
  environmentOf,
  limitsOf,
  natsSettings,
  probeAddress,
  productOf,
  uriOf,
  writeSettings,
} from './settings.ts'

const CONTAINER_PORT = 4_222
const READY_TIMEOUT_MS = 60_000
/** The image's command names this file. */
const CONFIG_FILE = '/etc/nats/nats-server.conf'

/**
 * Starts one server in a container. The servers of a cluster would tell clients addresses that only
 * other containers can reach.
 */
export async function startDockerNats(
  docker: Docker,
  options: StartNatsOptions,
  onProgress: OnProgress,
): Promise<NatsEngine> {
  const { servers = 1 } = options
  if (servers > 1) throw cannotScale('NATS in Docker', servers)
  await ensureImage(docker.client, NATS_IMAGE, onProgress)
  const settings = natsSettings(options)
  const registration = await register({ role: 'nats', text: `${NATS_IMAGE.name} in Docker` })
  let container: Container | undefined
  try {
    const port = await claimPort(registration)
    onProgress({ text: `starting ${NATS_IMAGE.name} in Docker` })
    const source = join(registration.dir, 'nats.conf')
    const listen = `0.0.0.0:${CONTAINER_PORT}`
    await writeSettings(source, settings, { name: 'n1', listen, storeDir: '/data' })
    const spec = {
      image: NATS_IMAGE.name,
      environment: environmentOf(settings),
      containerPort: CONTAINER_PORT,
      port,
      configFile: { source, target: CONFIG_FILE },
    }
    const started = await startContainer(docker, spec, registration)
    container = started
    const address = `${LOOPBACK}:${port}`
    const probe = probeAddress(settings, address)
    const waitForNats = (): Promise<void> =>
      waitForContainer(started, {
        product: NATS_IMAGE.name,
        port,
        timeoutMs: READY_TIMEOUT_MS,
        onProgress,
        probe: async () => void (await probeHealth(probe)),
      })
    await waitForNats()
    const version = await probeHealth(probe)
    return {
      ...containerControls(started, waitForNats),
      kind: 'nats',
      label: engineLabel({ product: productOf(settings, servers), version, provider: 'docker' }),
      uri: uriOf(settings, [address]),
      uriOf: (user) => uriOf(settings, [address], user),
      servers: () => [],
      limits: () => limitsOf(settings),
      async scale(nodes) {
        if (nodes !== 1) throw cannotScale('NATS in Docker', nodes)
      },
    }
  } catch (error) {
    await (container === undefined ? registration.close() : container.stop())
    throw error
  }
}
