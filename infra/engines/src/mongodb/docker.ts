import { type Container, startContainer } from '../docker/container.ts'
import { containerControls } from '../docker/controls.ts'
import type { Docker } from '../docker/find.ts'
import { ensureImage } from '../docker/image.ts'
import { waitForContainer } from '../docker/ready.ts'
import {
  cannotScale,
  type Engine,
  type EngineLabel,
  engineLabel,
  mebibytesToBytes,
} from '../engine.ts'
import { claimPort } from '../registry/claim-port.ts'
import { register } from '../registry/registry.ts'
import { MONGODB_IMAGE, VERSIONS } from '../versions.ts'
import { detectProduct, type MongoProduct } from './product.ts'
import { DEFAULT_CACHE_MB, type StartOptions } from './provider.ts'
import { localUri, REPLICA_SET, requirePrimary } from './ready.ts'

const CONTAINER_PORT = 27_017
const READY_TIMEOUT_MS = 120_000

export async function startDockerMongo(docker: Docker, options: StartOptions): Promise<Engine> {
  const { onProgress, dataDir } = options
  const cacheMb = options.cacheMb ?? DEFAULT_CACHE_MB
  await ensureImage(docker.client, MONGODB_IMAGE, onProgress)
  const registration = await register({
    role: 'mongodb',
    text: `${VERSIONS.mongodbImage} in Docker`,
  })
  let container: Container | undefined
  try {
    // Docker would choose another port whenever the container starts again, so it is fixed here.
    const port = await claimPort(registration)
    onProgress({ text: `starting ${VERSIONS.mongodbImage} in Docker` })
    const spec = {
      image: VERSIONS.mongodbImage,
      command: [
        '--replSet',
        REPLICA_SET,
        '--bind_ip_all',
        '--wiredTigerCacheSizeGB',
        String(cacheMb / 1024),
        '--quiet',
      ],
      containerPort: CONTAINER_PORT,
      port,
      dataDir: dataDir === undefined ? undefined : { source: dataDir, target: '/data/db' },
    }
    const started = await startContainer(docker, spec, registration)
    container = started
    const uri = localUri(port)
    const waitForDatabase = (): Promise<void> =>
      waitForContainer(started, {
        product: VERSIONS.mongodbImage,
        port,
        timeoutMs: READY_TIMEOUT_MS,
        onProgress,
        // The member's own address inside the container. Clients ignore it, since they connect with
        // directConnection.
        probe: () => requirePrimary(uri, `127.0.0.1:${CONTAINER_PORT}`),
      })
    await waitForDatabase()
    const label = labelOf(await detectProduct(uri))
    return {
      ...containerControls(started, waitForDatabase),
      kind: 'mongodb',
      label,
      uri,
      limits: () => ({ cacheBytes: mebibytesToBytes(cacheMb) }),
      async scale(nodes) {
        if (nodes !== 1) throw cannotScale(label.product, nodes)
      },
    }
  } catch (error) {
    await (container === undefined ? registration.close() : container.stop())
    throw error
  }
}

/** Names the product that the server reports. The image's tag does not prove which one it is. */
function labelOf({ product, version }: MongoProduct): EngineLabel {
  const standIn =
    product === 'MongoDB'
      ? {}
      : { standIn: `the image ${VERSIONS.mongodbImage} of this Docker contains ${product}` }
  return engineLabel({ product, version, provider: 'docker', ...standIn })
}
