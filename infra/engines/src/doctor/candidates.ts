import { isInstalled, type Tool } from '../cache.ts'
import { CASSANDRA_PROVIDERS } from '../cassandra/provider.ts'
import { type Image, imageAvailable, isStandInImage } from '../docker/image.ts'
import type { Availability, EngineLabel, Preference } from '../engine.ts'
import { JAVA_NEXT } from '../java.ts'
import type { MongoProvider } from '../mongodb/provider.ts'
import { MONGO_PROVIDERS } from '../mongodb/start.ts'
import { NATS_PROVIDERS } from '../nats/provider.ts'
import { CASSANDRA_IMAGE, MONGODB_IMAGE, NATS_IMAGE, TOOLS } from '../versions.ts'
import { type Family, REMEDIES } from './remedies.ts'

/** An engine that a stage could use. */
export interface Candidate {
  readonly name: string
  readonly provider: EngineLabel['provider']
  /** The smallest cache that it accepts; undefined for no minimum. */
  readonly minCacheMb?: number | undefined
  /** It counts the pages that it reads into its cache. */
  readonly cacheCounters: boolean
  isStandIn(): Promise<boolean>
  available(prefer: Preference): Promise<Availability>
  /** Describes the download or build that is needed first; undefined for none. */
  preparation(): Promise<string | undefined>
}

const noPreparation: Candidate['preparation'] = async () => undefined

const toolPreparation =
  (tool: Tool, note: string): Candidate['preparation'] =>
  async () =>
    (await isInstalled(tool)) ? undefined : note

const imagePreparation =
  (image: Image): Candidate['preparation'] =>
  async () =>
    (await imageAvailable(image, 'quick')).usable ? undefined : `pulled first, ${image.size}`

function mongoCandidate(mongo: MongoProvider): Candidate {
  const candidate: Candidate = {
    name: mongo.name,
    provider: mongo.provider,
    minCacheMb: mongo.minCacheMb,
    cacheCounters: mongo.native !== 'secantus-python',
    isStandIn: async () => mongo.native?.startsWith('secantus') ?? false,
    available: (prefer) => mongo.available(prefer),
    preparation: noPreparation,
  }
  if (mongo.native === 'secantus-rust') {
    const note = 'built first, about 12 minutes of processor time'
    return { ...candidate, preparation: toolPreparation(TOOLS.secantusRust, note) }
  }
  if (mongo.native === 'secantus-python')
    return {
      ...candidate,
      preparation: toolPreparation(TOOLS.secantusPython, 'installed first, about 10 s'),
    }
  if (mongo.provider !== 'docker') return candidate
  return {
    ...candidate,
    // The doctor starts nothing, so it reads the image's label instead of asking the server.
    isStandIn: () => isStandInImage(MONGODB_IMAGE),
    preparation: imagePreparation(MONGODB_IMAGE),
  }
}

/** The candidates of an engine that has no stand-in and no smallest cache. */
const plainCandidates = (
  providers: readonly Pick<Candidate, 'name' | 'provider' | 'available'>[],
  preparations: Record<EngineLabel['provider'], Candidate['preparation']>,
): Candidate[] =>
  providers.map((engine) => ({
    name: engine.name,
    provider: engine.provider,
    cacheCounters: true,
    isStandIn: async () => false,
    available: (prefer) => engine.available(prefer),
    preparation: preparations[engine.provider],
  }))

export const CANDIDATES = {
  mongodb: MONGO_PROVIDERS.map(mongoCandidate),
  cassandra: plainCandidates(CASSANDRA_PROVIDERS, {
    external: noPreparation,
    docker: imagePreparation(CASSANDRA_IMAGE),
    native: toolPreparation(TOOLS.cassandra, 'fetched first, 67 MB'),
  }),
  nats: plainCandidates(NATS_PROVIDERS, {
    external: noPreparation,
    docker: imagePreparation(NATS_IMAGE),
    native: toolPreparation(TOOLS.nats, 'fetched first, 7 MB'),
  }),
} as const

/** The next step on this family of systems. A provider itself may only refer to the doctor. */
export function nextFor(
  { name, next }: { readonly name: string; readonly next: string },
  family: Family,
): string {
  if (name === 'mongod on PATH') return REMEDIES.mongodb[family]
  return next === JAVA_NEXT ? REMEDIES.java[family] : next
}
