import { type Container, startContainer } from '../docker/container.ts'
import { containerControls } from '../docker/controls.ts'
import type { Docker } from '../docker/find.ts'
import { ensureImage } from '../docker/image.ts'
import { waitForAnswer } from '../docker/ready.ts'
import { cannotScale, type Engine, type EngineLabel, labelText } from '../engine.ts'
import { claimPort } from '../run/claim-port.ts'
import { openRun } from '../run/registry.ts'
import { MONGODB_IMAGE, VERSIONS } from '../versions.ts'
import { askProduct, type MongoProduct } from './product.ts'
import { DEFAULT_CACHE_MB, mebibytes, type StartOptions } from './provider.ts'
import { askIfPrimary, localUri, REPLICA_SET } from './ready.ts'

const INSIDE = 27_017
const READY_WITHIN_MS = 120_000

export async function startDockerMongo(docker: Docker, options: StartOptions): Promise<Engine> {
  const { onProgress, dataDir } = options
  const cacheMb = options.cacheMb ?? DEFAULT_CACHE_MB
  await ensureImage(docker.client, MONGODB_IMAGE, onProgress)
  const run = await openRun({
    role: 'mongodb',
    text: `${VERSIONS.mongodbImage} in Docker`,
    onExit: 'term',
  })
  let container: Container | undefined
  try {
    // We choose the port: Docker would give a container that was killed another one.
    const port = await claimPort(run)
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
      inside: INSIDE,
      port,
      dataDir: dataDir === undefined ? undefined : { source: dataDir, target: '/data/db' },
    }
    const started = await startContainer(docker, spec, run)
    container = started
    const uri = localUri(port)
    const answers = (): Promise<void> =>
      waitForAnswer(started, {
        product: VERSIONS.mongodbImage,
        port,
        withinMs: READY_WITHIN_MS,
        onProgress,
        // The name it has for itself, inside: clients come by directConnection and never look for
        // it.
        ask: () => askIfPrimary(uri, `127.0.0.1:${INSIDE}`),
      })
    await answers()
    const label = labelOf(await askProduct(uri))
    return {
      ...containerControls(started, answers),
      kind: 'mongodb',
      label,
      uri,
      limits: () => ({ cacheBytes: mebibytes(cacheMb) }),
      async scale(nodes) {
        if (nodes !== 1) throw cannotScale(label.product, nodes)
      },
    }
  } catch (error) {
    await (container === undefined ? run.close() : container.stop())
    throw error
  }
}

/** By what the server says of itself: an image's tag is no proof. */
function labelOf({ product, version }: MongoProduct): EngineLabel {
  const standIn =
    product === 'MongoDB'
      ? {}
      : { standIn: `the image ${VERSIONS.mongodbImage} of this Docker holds ${product}` }
  return labelText({ product, version, provider: 'docker', ...standIn })
}
