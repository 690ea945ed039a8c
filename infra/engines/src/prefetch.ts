import { messageOf } from '@threshold/kit'
import { isInstalled } from './cache.ts'
import { installCqlsh } from './cassandra/cqlsh.ts'
import { installCassandra } from './cassandra/install.ts'
import { canFetch, findChromium, locateChromium } from './chromium/chromium.ts'
import { enginesConfig } from './config.ts'
import { findDocker } from './docker/find.ts'
import { ensureImage, type Image, imageAvailable } from './docker/image.ts'
import { findMaven } from './maven.ts'
import {
  fetchMongod,
  findMongod,
  forgetProbeFailure,
  memoryServer,
} from './mongodb/memory-server.ts'
import { buildSecantusRust, findCargo, installSecantusPython } from './mongodb/secantus-install.ts'
import { installNats } from './nats/install.ts'
import { nativeNats } from './nats/provider.ts'
import { installOpenSearch } from './opensearch/install.ts'
import { nativeOpenSearch } from './opensearch/provider.ts'
import { noProgress, type OnProgress } from './progress.ts'
import { findPython } from './python.ts'
import {
  CASSANDRA_IMAGE,
  MONGODB_IMAGE,
  NATS_IMAGE,
  OPENSEARCH_IMAGE,
  TOOLS,
  VERSIONS,
} from './versions.ts'

/**
 * Something that a class downloads beforehand, so that thirty machines do not fetch it in the first
 * five minutes.
 */
export interface PrefetchItem {
  readonly id: string
  readonly title: string
  /** Why this machine cannot or need not have the item; undefined if it should. */
  skip?(): Promise<string | undefined>
  present(): Promise<boolean>
  fetch(onProgress: OnProgress): Promise<void>
}

export type PrefetchOutcome = {
  readonly id: string
  readonly title: string
  readonly outcome: 'present' | 'fetched' | 'skipped' | 'failed'
  /** Why the item was skipped or failed. */
  readonly why?: string
}

const imageItem = (id: string, image: Image): PrefetchItem => ({
  id,
  title: `the image ${image.name}`,
  skip: async () => {
    const docker = await findDocker()
    return docker.usable ? undefined : docker.why
  },
  present: async () => (await imageAvailable(image, 'quick')).usable,
  fetch: async (onProgress) => {
    const docker = await findDocker()
    if (docker.usable) await ensureImage(docker.client, image, onProgress)
  },
})

/** Items for engines and for tests of the chat page. Other packages append their own. */
export const ENGINE_ITEMS: readonly PrefetchItem[] = [
  imageItem('mongodb-image', MONGODB_IMAGE),
  {
    id: 'mongod',
    title: `mongod ${VERSIONS.mongodb}`,
    skip: async () => {
      // A user who prefetches may just have opened the network.
      await forgetProbeFailure()
      const availability = await memoryServer.available('lab')
      return availability.usable ? undefined : availability.why
    },
    present: async () => (await findMongod()) !== undefined,
    fetch: async (onProgress) => void (await fetchMongod('lab', onProgress)),
  },
  {
    id: 'secantusdb-python',
    title: `SecantusDB ${VERSIONS.secantusPython} (Python)`,
    skip: async () => {
      const python = await findPython()
      return python.usable ? undefined : python.why
    },
    present: async () => await isInstalled(TOOLS.secantusPython),
    fetch: async (onProgress) => void (await installSecantusPython(onProgress)),
  },
  {
    id: 'secantusdb-rust',
    title: `SecantusDB ${VERSIONS.secantusRust} (Rust)`,
    skip: async () => {
      // Needed beside MongoDB too: labs 1.2 and 2.1 limit the cache to less than mongod accepts.
      const cargo = await findCargo()
      return cargo.usable ? undefined : cargo.why
    },
    present: async () => await isInstalled(TOOLS.secantusRust),
    fetch: async (onProgress) => void (await buildSecantusRust(onProgress)),
  },
  {
    id: 'chromium',
    title: `Chromium ${VERSIONS.chromium}, for tests of the chat page`,
    skip: async () =>
      canFetch() ? undefined : 'can be fetched only for Linux on x64; install one with your system',
    present: async () => (await locateChromium()) !== undefined,
    fetch: async (onProgress) => void (await findChromium(onProgress)),
  },
  imageItem('cassandra-image', CASSANDRA_IMAGE),
  {
    id: 'cassandra',
    title: `Cassandra ${VERSIONS.cassandra} (jars)`,
    skip: async () => {
      // The tests may be configured to run Cassandra as a process despite Docker.
      if ((await findDocker()).usable && enginesConfig().testEngine !== 'native')
        return 'Docker runs Cassandra'
      return (await findMaven()) === undefined ? 'no mvn on PATH' : undefined
    },
    present: async () => await isInstalled(TOOLS.cassandra),
    fetch: async (onProgress) => void (await installCassandra(onProgress)),
  },
  {
    id: 'cqlsh',
    title: `cqlsh ${VERSIONS.cqlsh}, for a bench`,
    skip: async () => {
      const python = await findPython()
      return python.usable ? undefined : python.why
    },
    present: async () => await isInstalled(TOOLS.cqlsh),
    fetch: async (onProgress) => void (await installCqlsh(onProgress)),
  },
  imageItem('nats-image', NATS_IMAGE),
  {
    id: 'nats',
    title: `NATS ${VERSIONS.nats}`,
    // Needed beside Docker too: only local processes form a cluster of three.
    skip: async () => {
      const availability = await nativeNats.available('lab')
      return availability.usable ? undefined : availability.why
    },
    present: async () => await isInstalled(TOOLS.nats),
    fetch: async (onProgress) => void (await installNats(onProgress)),
  },
  imageItem('opensearch-image', OPENSEARCH_IMAGE),
  {
    id: 'opensearch',
    title: `OpenSearch ${VERSIONS.opensearch} (jars)`,
    skip: async () => {
      if ((await findDocker()).usable && enginesConfig().testEngine !== 'native')
        return 'Docker runs OpenSearch'
      const availability = await nativeOpenSearch.available('lab')
      return availability.usable ? undefined : availability.why
    },
    present: async () => await isInstalled(TOOLS.opensearch),
    fetch: async (onProgress) => void (await installOpenSearch(onProgress)),
  },
]

/** Fetches the missing items one after another. A failed item does not stop the others. */
export async function prefetch(
  onProgress: OnProgress = noProgress,
  items: readonly PrefetchItem[] = ENGINE_ITEMS,
): Promise<PrefetchOutcome[]> {
  const outcomes: PrefetchOutcome[] = []
  for (const [index, item] of items.entries()) {
    onProgress({ text: item.title, done: index, total: items.length })
    outcomes.push({ id: item.id, title: item.title, ...(await fetchOne(item, onProgress)) })
  }
  return outcomes
}

async function fetchOne(
  item: PrefetchItem,
  onProgress: OnProgress,
): Promise<Pick<PrefetchOutcome, 'outcome' | 'why'>> {
  try {
    if (await item.present()) return { outcome: 'present' }
    const why = await item.skip?.()
    if (why !== undefined) return { outcome: 'skipped', why }
    await item.fetch(onProgress)
    return { outcome: 'fetched' }
  } catch (error) {
    return { outcome: 'failed', why: messageOf(error) }
  }
}
