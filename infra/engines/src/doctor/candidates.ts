import { isInstalled, type Tool } from '../cache.ts'
import { CASSANDRA_PROVIDERS, JAVA_NEXT } from '../cassandra/provider.ts'
import { holdsStandIn, type Image, imageAvailable } from '../docker/image.ts'
import type { Availability, EngineLabel, Preference } from '../engine.ts'
import type { MongoProvider } from '../mongodb/provider.ts'
import { MONGO_PROVIDERS } from '../mongodb/start.ts'
import { CASSANDRA_IMAGE, MONGODB_IMAGE, TOOLS } from '../versions.ts'
import { type Family, REMEDIES } from './remedies.ts'

/** What a stage could stand on, as the doctor sees it. */
export interface Candidate {
  readonly name: string
  standIn(): Promise<boolean>
  available(prefer: Preference): Promise<Availability>
  /** What has to be fetched or built first. */
  install(): Promise<string | undefined>
}

const first =
  (tool: Tool, note: string): Candidate['install'] =>
  async () =>
    (await isInstalled(tool)) ? undefined : note
const nothing: Candidate['install'] = async () => undefined

const yes = async (): Promise<boolean> => true
const no = async (): Promise<boolean> => false

const pulled =
  (image: Image): Candidate['install'] =>
  async () =>
    (await imageAvailable(image, 'quick')).usable ? undefined : `pulled first, ${image.size}`

function ofMongo(provider: MongoProvider): Candidate {
  const { native } = provider
  const { name } = provider
  const available: Candidate['available'] = (prefer) => provider.available(prefer)
  switch (native) {
    case 'secantus-rust':
      return {
        name,
        standIn: yes,
        available,
        install: first(TOOLS.secantusRust, 'built first, about 12 minutes of processor time'),
      }
    case 'secantus-python':
      return {
        name,
        standIn: yes,
        available,
        install: first(TOOLS.secantusPython, 'installed first, about 10 s'),
      }
    default: {
      if (provider.provider !== 'docker') return { name, standIn: no, available, install: nothing }
      // Its own label tells, since the doctor starts nothing.
      return {
        name,
        standIn: () => holdsStandIn(MONGODB_IMAGE),
        available,
        install: pulled(MONGODB_IMAGE),
      }
    }
  }
}

const CASSANDRA_INSTALLS: Record<EngineLabel['provider'], Candidate['install']> = {
  external: nothing,
  docker: pulled(CASSANDRA_IMAGE),
  native: first(TOOLS.cassandra, 'fetched first, 67 MB'),
}

export const CANDIDATES = {
  mongodb: MONGO_PROVIDERS.map(ofMongo),
  cassandra: CASSANDRA_PROVIDERS.map(
    (provider): Candidate => ({
      name: provider.name,
      standIn: no,
      available: (prefer) => provider.available(prefer),
      install: CASSANDRA_INSTALLS[provider.provider],
    }),
  ),
} as const

/**
 * The next step for this family of systems, where a provider itself can only say that the doctor
 * knows.
 */
export function nextFor(
  { name, next }: { readonly name: string; readonly next: string },
  family: Family,
): string {
  if (name === 'mongod on PATH') return REMEDIES.mongodb[family]
  return next === JAVA_NEXT ? REMEDIES.java[family] : next
}
