import { isInstalled, type Tool } from '../cache.ts'
import { CASSANDRA_PROVIDERS, JAVA_NEXT } from '../cassandra/provider.ts'
import { holdsStandIn, type Image, imageAvailable } from '../docker/image.ts'
import type { Availability, EngineLabel, Preference } from '../engine.ts'
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
  standIn(): Promise<boolean>
  available(prefer: Preference): Promise<Availability>
  /** The download or build that is needed first; undefined for none. */
  install(): Promise<string | undefined>
}

const noInstall: Candidate['install'] = async () => undefined

const toolInstall =
  (tool: Tool, note: string): Candidate['install'] =>
  async () =>
    (await isInstalled(tool)) ? undefined : note

const imagePull =
  (image: Image): Candidate['install'] =>
  async () =>
    (await imageAvailable(image, 'quick')).usable ? undefined : `pulled first, ${image.size}`

function mongoCandidate(provider: MongoProvider): Candidate {
  const candidate: Candidate = {
    name: provider.name,
    provider: provider.provider,
    minCacheMb: provider.minCacheMb,
    cacheCounters: provider.native !== 'secantus-python',
    standIn: async () => provider.native?.startsWith('secantus') ?? false,
    available: (prefer) => provider.available(prefer),
    install: noInstall,
  }
  if (provider.native === 'secantus-rust') {
    const note = 'built first, about 12 minutes of processor time'
    return { ...candidate, install: toolInstall(TOOLS.secantusRust, note) }
  }
  if (provider.native === 'secantus-python')
    return {
      ...candidate,
      install: toolInstall(TOOLS.secantusPython, 'installed first, about 10 s'),
    }
  if (provider.provider !== 'docker') return candidate
  return {
    ...candidate,
    // The doctor starts nothing, so it reads the image's label instead of asking the server.
    standIn: () => holdsStandIn(MONGODB_IMAGE),
    install: imagePull(MONGODB_IMAGE),
  }
}

/** A provider of an engine that has no stand-in and no smallest cache. */
interface PlainProvider extends Pick<Candidate, 'name' | 'provider' | 'available'> {}

const plainCandidates = (
  providers: readonly PlainProvider[],
  installs: Record<EngineLabel['provider'], Candidate['install']>,
): Candidate[] =>
  providers.map((provider) => ({
    name: provider.name,
    provider: provider.provider,
    cacheCounters: true,
    standIn: async () => false,
    available: (prefer) => provider.available(prefer),
    install: installs[provider.provider],
  }))

export const CANDIDATES = {
  mongodb: MONGO_PROVIDERS.map(mongoCandidate),
  cassandra: plainCandidates(CASSANDRA_PROVIDERS, {
    external: noInstall,
    docker: imagePull(CASSANDRA_IMAGE),
    native: toolInstall(TOOLS.cassandra, 'fetched first, 67 MB'),
  }),
  nats: plainCandidates(NATS_PROVIDERS, {
    external: noInstall,
    docker: imagePull(NATS_IMAGE),
    native: toolInstall(TOOLS.nats, 'fetched first, 7 MB'),
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
