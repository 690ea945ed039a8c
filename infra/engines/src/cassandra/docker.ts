import { type Container, startContainer } from '../docker/container.ts'
import { containerControls } from '../docker/controls.ts'
import type { Docker } from '../docker/find.ts'
import { ensureImage } from '../docker/image.ts'
import { waitForContainer } from '../docker/ready.ts'
import { cannotScale, engineLabel, mebibytesToBytes } from '../engine.ts'
import { SHORT_LIVED } from '../java.ts'
import type { OnProgress } from '../progress.ts'
import { claimPort } from '../registry/claim-port.ts'
import { register } from '../registry/registry.ts'
import { CASSANDRA_IMAGE, VERSIONS } from '../versions.ts'
import { cassandraUri, cassandraVersion, probeCql } from './address.ts'
import {
  type CassandraEngine,
  collectorOf,
  DEFAULT_HEAP_MB,
  type StartCassandraOptions,
} from './engine.ts'
import { COMMIT_LOG, cacheSettings, MIN_CACHE_MB } from './settings.ts'

const CONTAINER_PORT = 9_042
const READY_TIMEOUT_MS = 180_000

/**
 * Starts one node in a container. More nodes would need a network of their own and addresses that
 * clients outside can reach. Labs that add nodes use local processes.
 */
export async function startDockerCassandra(
  docker: Docker,
  options: StartCassandraOptions,
  onProgress: OnProgress,
): Promise<CassandraEngine> {
  if ((options.nodes ?? 1) > 1) throw cannotScale('Cassandra in Docker', options.nodes ?? 1)
  await ensureImage(docker.client, CASSANDRA_IMAGE, onProgress)
  const registration = await register({
    role: 'cassandra',
    text: `${VERSIONS.cassandraImage} in Docker`,
  })
  let container: Container | undefined
  try {
    const port = await claimPort(registration)
    onProgress({ text: `starting ${VERSIONS.cassandraImage} in Docker (10 to 60 s)` })
    const spec = {
      image: VERSIONS.cassandraImage,
      environment: environmentOf(options),
      containerPort: CONTAINER_PORT,
      port,
    }
    const started = await startContainer(docker, spec, registration)
    container = started
    const uri = cassandraUri(['127.0.0.1'], port)
    const waitForDatabase = (): Promise<void> =>
      waitForContainer(started, {
        product: VERSIONS.cassandraImage,
        port,
        timeoutMs: READY_TIMEOUT_MS,
        onProgress,
        probe: () => probeCql(uri),
      })
    await waitForDatabase()
    const heapMb = options.heapMb ?? DEFAULT_HEAP_MB
    const version = await cassandraVersion(uri)
    return {
      ...containerControls(started, waitForDatabase),
      kind: 'cassandra',
      label: engineLabel({ product: `Cassandra, ${heapMb} MB heap`, version, provider: 'docker' }),
      uri,
      nodes: () => [],
      limits: () => ({ cacheBytes: mebibytesToBytes(options.cacheMb ?? MIN_CACHE_MB) }),
      async scale(nodes) {
        if (nodes !== 1) throw cannotScale('Cassandra in Docker', nodes)
      },
      async addNode() {
        throw cannotScale('Cassandra in Docker', 2)
      },
    }
  } catch (error) {
    await (container === undefined ? registration.close() : container.stop())
    throw error
  }
}

/** Variables that the image documents: heap, addresses, and JVM flags that come last. */
export function environmentOf(options: StartCassandraOptions): Record<string, string> {
  const heapMb = options.heapMb ?? DEFAULT_HEAP_MB
  return {
    MAX_HEAP_SIZE: `${heapMb}M`,
    HEAP_NEWSIZE: `${Math.floor(heapMb / 4)}M`,
    CASSANDRA_ENDPOINT_SNITCH: 'SimpleSnitch',
    // The node advertises this address to its clients, which are outside the container.
    CASSANDRA_BROADCAST_RPC_ADDRESS: '127.0.0.1',
    JVM_EXTRA_OPTS: jvmOptions(options).join(' '),
  }
}

function jvmOptions(options: StartCassandraOptions): string[] {
  const collector = collectorOf(options)
  const settings = {
    ...COMMIT_LOG[options.commitLog ?? 'batch'],
    ...cacheSettings(options.cacheMb),
  }
  return [
    // The image's options enable G1, and a JVM does not start with two collectors.
    ...(collector === 'G1' ? [] : ['-XX:-UseG1GC']),
    `-XX:+Use${collector}GC`,
    '-Dcassandra.skip_wait_for_gossip_to_settle=0',
    '-Dcassandra.ring_delay_ms=1000',
    ...(options.shortLived ? [SHORT_LIVED] : []),
    ...(options.unsafeSystem ? ['-Dcassandra.unsafesystem=true'] : []),
    // Lets system properties override the image's cassandra.yaml.
    '-Dcassandra.config.allow_system_properties=true',
    ...Object.entries(settings).map(([name, value]) => `-Dcassandra.settings.${name}=${value}`),
  ]
}
