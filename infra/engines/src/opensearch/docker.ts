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
import { OPENSEARCH_IMAGE } from '../versions.ts'
import { DEFAULT_HEAP_MB, type OpenSearchEngine, type StartOpenSearchOptions } from './engine.ts'
import { probeOpenSearch } from './probe.ts'

const CONTAINER_PORT = 9_200
const READY_TIMEOUT_MS = 180_000

/** Variables that the image documents. Without its security plugin it has no password. */
const environmentOf = (heapMb: number): Record<string, string> => ({
  'discovery.type': 'single-node',
  'action.auto_create_index': 'false',
  'cluster.routing.allocation.disk.threshold_enabled': 'false',
  DISABLE_SECURITY_PLUGIN: 'true',
  DISABLE_INSTALL_DEMO_CONFIG: 'true',
  OPENSEARCH_JAVA_OPTS: `-Xms${heapMb}m -Xmx${heapMb}m`,
})

/** Starts one node in a container. */
export async function startDockerOpenSearch(
  docker: Docker,
  { heapMb = DEFAULT_HEAP_MB }: StartOpenSearchOptions,
  onProgress: OnProgress,
): Promise<OpenSearchEngine> {
  const { name } = OPENSEARCH_IMAGE
  await ensureImage(docker.client, OPENSEARCH_IMAGE, onProgress)
  const registration = await register({ role: 'opensearch', text: `${name} in Docker` })
  let container: Container | undefined
  try {
    const port = await claimPort(registration)
    onProgress({ text: `starting ${name} in Docker (10 to 60 s)` })
    const spec = {
      image: name,
      environment: environmentOf(heapMb),
      containerPort: CONTAINER_PORT,
      port,
    }
    const started = await startContainer(docker, spec, registration)
    container = started
    const uri = `http://${LOOPBACK}:${port}`
    const waitForServer = (): Promise<void> =>
      waitForContainer(started, {
        product: name,
        port,
        timeoutMs: READY_TIMEOUT_MS,
        onProgress,
        probe: async () => void (await probeOpenSearch(uri)),
      })
    await waitForServer()
    const version = await probeOpenSearch(uri)
    const product = `OpenSearch, ${heapMb} MB heap`
    return {
      ...containerControls(started, waitForServer),
      kind: 'opensearch',
      label: engineLabel({ product, version, provider: 'docker' }),
      uri,
      limits: () => ({}),
      async scale(nodes) {
        if (nodes !== 1) throw cannotScale('OpenSearch in Docker', nodes)
      },
    }
  } catch (error) {
    await (container === undefined ? registration.close() : container.stop())
    throw error
  }
}
