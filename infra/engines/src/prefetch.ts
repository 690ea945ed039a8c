import { messageOf } from '@threshold/kit'
import { isInstalled } from './cache.ts'
import { installCqlsh } from './cassandra/cqlsh.ts'
import { findMaven, installCassandra } from './cassandra/install.ts'
import { canFetch, findChromium, locateChromium } from './chromium/chromium.ts'
import { enginesConfig } from './config.ts'
import { dockerMongo } from './mongodb/docker-provider.ts'
import { fetchMongod, findMongod, forgetRefusal, memoryServer } from './mongodb/memory-server.ts'
import { buildSecantusRust, findCargo, installSecantusPython } from './mongodb/secantus-install.ts'
import { containerRuntime } from './process/container.ts'
import { noProgress, type OnProgress } from './progress.ts'
import { findPython } from './python.ts'
import { TOOLS, VERSIONS } from './versions.ts'

/** Something a class needs before it starts, so that thirty machines do not fetch it in the first five minutes. */
export interface PrefetchItem {
  readonly id: string
  readonly title: string
  /** Why this machine cannot or need not have it; undefined when it should. */
  skip?(): Promise<string | undefined>
  present(): Promise<boolean>
  fetch(onProgress: OnProgress): Promise<void>
}

export type PrefetchOutcome = {
  readonly id: string
  readonly title: string
  readonly outcome: 'present' | 'fetched' | 'skipped' | 'failed'
  /** Why it was skipped or failed. */
  readonly why?: string
}

/** What engines and pages' tests need. Labs and other rooms append items of their own. */
export const ENGINE_ITEMS: readonly PrefetchItem[] = [
  {
    id: 'mongodb-image',
    title: `the image ${VERSIONS.mongodbImage}`,
    skip: async () => ((await containerRuntime()) === undefined ? 'no Docker that answers' : undefined),
    present: async () => (await dockerMongo.available('quick')).usable,
    fetch: async (onProgress) => {
      onProgress({ text: `pulling ${VERSIONS.mongodbImage}, about 300 MB` })
      const { pullDockerMongo } = await import('./mongodb/docker.ts')
      await pullDockerMongo()
    },
  },
  {
    id: 'mongod',
    title: `mongod ${VERSIONS.mongodb}`,
    skip: async () => {
      // Whoever asks for a prefetch has perhaps just opened the network.
      await forgetRefusal()
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
      // Where MongoDB itself can be had, no lab needs what stands in for it.
      if ((await containerRuntime()) !== undefined) return 'Docker runs MongoDB itself'
      if ((await findMongod()) !== undefined) return 'mongod itself is here'
      const cargo = await findCargo()
      return cargo.usable ? undefined : cargo.why
    },
    present: async () => await isInstalled(TOOLS.secantusRust),
    fetch: async (onProgress) => void (await buildSecantusRust(onProgress)),
  },
  {
    id: 'chromium',
    title: `Chromium ${VERSIONS.chromium}, for tests of pages`,
    skip: async () => (canFetch() ? undefined : 'fetched for Linux on x64 alone; install one with your system'),
    present: async () => (await locateChromium()) !== undefined,
    fetch: async (onProgress) => void (await findChromium(onProgress)),
  },
  {
    id: 'cassandra-image',
    title: `the image ${VERSIONS.cassandraImage}`,
    skip: async () => ((await containerRuntime()) === undefined ? 'no Docker that answers' : undefined),
    present: async () => {
      if ((await containerRuntime()) === undefined) return false
      const { hasCassandraImage } = await import('./cassandra/docker.ts')
      return await hasCassandraImage()
    },
    fetch: async (onProgress) => {
      onProgress({ text: `pulling ${VERSIONS.cassandraImage}` })
      const { pullCassandraImage } = await import('./cassandra/docker.ts')
      await pullCassandraImage()
    },
  },
  {
    id: 'cassandra',
    title: `Cassandra ${VERSIONS.cassandra} (jars)`,
    skip: async () => {
      // Unless the tests were told to run it as a process all the same.
      if ((await containerRuntime()) !== undefined && enginesConfig().testEngine !== 'native') return 'Docker runs Cassandra'
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
]

/** Fetches what is missing, one after another; one that fails does not keep the rest from being tried. */
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

async function fetchOne(item: PrefetchItem, onProgress: OnProgress): Promise<Pick<PrefetchOutcome, 'outcome' | 'why'>> {
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
