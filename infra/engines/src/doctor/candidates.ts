import { isInstalled, type Tool } from '../cache.ts'
import { CASSANDRA_PROVIDERS, JAVA_NEXT } from '../cassandra/provider.ts'
import type { Availability } from '../engine.ts'
import type { MongoProvider, Prefer } from '../mongodb/provider.ts'
import { MONGO_PROVIDERS } from '../mongodb/start.ts'
import { TOOLS } from '../versions.ts'
import { type Family, REMEDIES } from './remedies.ts'

/** What a stage could stand on, as the doctor sees it. */
export interface Candidate {
  readonly name: string
  readonly standIn: boolean
  available(prefer: Prefer): Promise<Availability>
  /** What has to be fetched or built first. */
  install(): Promise<string | undefined>
}

const first =
  (tool: Tool, note: string): Candidate['install'] =>
  async () =>
    (await isInstalled(tool)) ? undefined : note
const nothing: Candidate['install'] = async () => undefined

const nameOf = ({ name, untried }: { readonly name: string; readonly untried?: true }): string =>
  untried ? `${name}, untried so far` : name

function ofMongo(provider: MongoProvider): Candidate {
  const { native } = provider
  const name = nameOf(provider)
  const available: Candidate['available'] = (prefer) => provider.available(prefer)
  switch (native) {
    case 'secantus-rust':
      return { name, standIn: true, available, install: first(TOOLS.secantusRust, 'built first, about 12 minutes of processor time') }
    case 'secantus-python':
      return { name, standIn: true, available, install: first(TOOLS.secantusPython, 'installed first, about 10 s') }
    default:
      return { name, standIn: false, available, install: nothing }
  }
}

export const CANDIDATES = {
  mongodb: MONGO_PROVIDERS.map(ofMongo),
  cassandra: CASSANDRA_PROVIDERS.map(
    (provider): Candidate => ({
      name: nameOf(provider),
      standIn: false,
      available: () => provider.available(),
      install: provider.provider === 'native' ? first(TOOLS.cassandra, 'fetched first, 67 MB') : nothing,
    }),
  ),
} as const

/** The next step for this family of systems, where a provider itself can only say that the doctor knows. */
export function nextFor({ name, next }: { readonly name: string; readonly next: string }, family: Family): string {
  if (name === 'mongod on PATH') return REMEDIES.mongodb[family]
  return next === JAVA_NEXT ? REMEDIES.java[family] : next
}
