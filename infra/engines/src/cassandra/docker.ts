import { getContainerRuntimeClient, ImageName, type StartedTestContainer, Wait } from 'testcontainers'
import { cannotScale, type EngineState, labelText } from '../engine.ts'
import { LoopbackContainer } from '../process/loopback-container.ts'
import type { OnProgress } from '../progress.ts'
import { claimPort } from '../run/claim-port.ts'
import { openRun } from '../run/registry.ts'
import { VERSIONS } from '../versions.ts'
import { askCassandra, cassandraUri } from './address.ts'
import { type CassandraEngine, collectorOf, DEFAULT_HEAP_MB, LEAST_CACHE_MB, type StartCassandraOptions } from './engine.ts'
import { SHORT_LIVED } from './settings.ts'

const INSIDE = 9_042
/** The image's own file says otherwise. */
const BATCH = ['config.allow_system_properties=true', 'settings.commitlog_sync=batch', 'settings.commitlog_sync_period=0ms'].map(
  (setting) => `-Dcassandra.${setting}`,
)
const READY_WITHIN_MS = 180_000

/**
 * One node in a container. More nodes want a network of their own and addresses that clients outside can reach; where a lab
 * adds nodes, local processes do it. Untried where CI has no Docker.
 */
export async function startDockerCassandra(options: StartCassandraOptions, onProgress: OnProgress): Promise<CassandraEngine> {
  if ((options.nodes ?? 1) > 1) throw cannotScale('Cassandra in Docker', options.nodes ?? 1)
  const heapMb = options.heapMb ?? DEFAULT_HEAP_MB
  const label = labelText({ product: `Cassandra, ${heapMb} MB heap`, version: VERSIONS.cassandra, provider: 'docker' })
  const run = await openRun({ role: 'cassandra', text: label.text, ending: 'ask' })
  try {
    const port = await claimPort(run)
    onProgress({ text: `starting ${VERSIONS.cassandraImage} in Docker` })
    const container = await new LoopbackContainer(VERSIONS.cassandraImage)
      .withEnvironment({
        MAX_HEAP_SIZE: `${heapMb}M`,
        HEAP_NEWSIZE: `${Math.floor(heapMb / 4)}M`,
        CASSANDRA_ENDPOINT_SNITCH: 'SimpleSnitch',
        // Clients outside are told this address for the node, and find it there.
        CASSANDRA_BROADCAST_RPC_ADDRESS: '127.0.0.1',
        JVM_EXTRA_OPTS: [
          `-XX:+Use${collectorOf(options)}GC -Dcassandra.skip_wait_for_gossip_to_settle=0 -Dcassandra.ring_delay_ms=1000`,
          ...(options.shortLived ? [SHORT_LIVED] : []),
          ...(options.commitLog === 'periodic' ? [] : BATCH),
        ].join(' '),
      })
      .withExposedPorts({ container: INSIDE, host: port })
      .withWaitStrategy(Wait.forLogMessage(/Starting listening for CQL clients/))
      .withStartupTimeout(READY_WITHIN_MS)
      .start()
    await run.update({ containerId: container.getId() })
    return dockerEngine({ container, label, uri: cassandraUri(['127.0.0.1'], port), close: () => run.close() })
  } catch (error) {
    await run.close()
    throw error
  }
}

const IMAGE = ImageName.fromString(VERSIONS.cassandraImage)

export const hasCassandraImage = async (): Promise<boolean> => await (await getContainerRuntimeClient()).image.exists(IMAGE)
export const pullCassandraImage = async (): Promise<void> => await (await getContainerRuntimeClient()).image.pull(IMAGE)

interface Parts {
  readonly container: StartedTestContainer
  readonly label: CassandraEngine['label']
  readonly uri: string
  readonly close: () => Promise<void>
}

function dockerEngine({ container, label, uri, close }: Parts): CassandraEngine {
  let state: EngineState = 'running'
  let stopping: Promise<void> | undefined
  const docker = async () => (await getContainerRuntimeClient()).container.getById(container.getId())
  const answers = async (): Promise<void> => {
    const until = Date.now() + READY_WITHIN_MS
    for (;;) {
      try {
        await askCassandra(uri, (client) => client.connect())
        state = 'running'
        return
      } catch (error) {
        if (Date.now() > until) throw error
      }
    }
  }
  const stop = (): Promise<void> => {
    stopping ??= (async () => {
      if (state === 'paused') await (await docker()).unpause()
      await container.stop({ remove: true, removeVolumes: true })
      state = 'stopped'
      await close()
    })()
    return stopping
  }
  return {
    kind: 'cassandra',
    label,
    uri,
    pid: undefined,
    nodes: () => [],
    state: () => state,
    stop,
    async kill() {
      await (await docker()).kill({ signal: 'SIGKILL' })
      state = 'killed'
    },
    async restart() {
      await (state === 'killed' ? (await docker()).start() : (await docker()).restart())
      await answers()
    },
    async pause() {
      await (await docker()).pause()
      state = 'paused'
    },
    async resume() {
      await (await docker()).unpause()
      state = 'running'
    },
    limits: () => ({ cacheBytes: LEAST_CACHE_MB * 1024 * 1024 }),
    async scale(nodes) {
      if (nodes !== 1) throw cannotScale('Cassandra in Docker', nodes)
    },
    async join() {
      throw cannotScale('Cassandra in Docker', 2)
    },
    [Symbol.asyncDispose]: stop,
  }
}
