import { type Availability, type Engine, type Preference, unusable } from '../engine.ts'
import { startFirstAvailable } from '../first-available.ts'
import type { LaunchWrapper } from '../process/child.ts'
import { noProgress, type OnProgress } from '../progress.ts'
import { dockerMongo } from './docker-provider.ts'
import { externalMongo } from './external.ts'
import { memoryServer } from './memory-server.ts'
import { mongodOnPath } from './mongod.ts'
import type { MongoProvider, NativeKind } from './provider.ts'
import { secantusPython, secantusRust } from './secantus.ts'

/** The order of preference: the user's own server, the real product, then stand-ins. */
export const MONGO_PROVIDERS: readonly MongoProvider[] = [
  externalMongo,
  dockerMongo,
  mongodOnPath,
  memoryServer,
  secantusRust,
  secantusPython,
]

export interface StartMongoOptions {
  readonly provider?: MongoProvider['provider'] | undefined
  /** Selects one of the native providers. */
  readonly native?: NativeKind | undefined
  readonly prefer?: Preference | undefined
  /** Skips `external`, whose engine cannot be killed or paused. */
  readonly managed?: boolean | undefined
  /** Skips providers whose smallest cache is larger. The stand-ins accept any size. */
  readonly cacheMb?: number | undefined
  /** A folder that keeps the data. The data is discarded with the engine by default. */
  readonly dataDir?: string | undefined
  /** Changes the command of a local process. A container ignores it. */
  readonly wrap?: LaunchWrapper | undefined
  readonly onProgress?: OnProgress | undefined
}

/**
 * Connects to or starts a MongoDB with the first provider that works, in the order of
 * `MONGO_PROVIDERS`, and returns when it answers. Throws NO_MONGODB with every provider's reason if
 * none works. If the options leave one provider and its start fails, that error is thrown.
 */
export async function startMongo(options: StartMongoOptions = {}): Promise<Engine> {
  const { prefer = 'quick', managed = false, onProgress = noProgress } = options
  const { cacheMb, dataDir, wrap } = options
  const candidates = MONGO_PROVIDERS.filter(
    ({ provider, native }) =>
      (options.provider === undefined || provider === options.provider) &&
      (options.native === undefined || native === options.native) &&
      !(managed && provider === 'external'),
  ).map((provider) => ({
    name: provider.name,
    available: async () => cacheTooSmall(provider, cacheMb) ?? (await provider.available(prefer)),
    start: () => provider.start({ prefer, cacheMb, dataDir, wrap, onProgress }),
  }))
  const report = { code: 'NO_MONGODB', product: 'MongoDB', onProgress }
  return await startFirstAvailable(candidates, report)
}

function cacheTooSmall(
  { minCacheMb = 0 }: MongoProvider,
  cacheMb: number | undefined,
): Availability | undefined {
  if (cacheMb === undefined || cacheMb >= minCacheMb) return undefined
  return unusable(
    `needs at least ${minCacheMb} MB of cache, and ${cacheMb} MB are requested`,
    `request ${minCacheMb} MB of cache or more`,
  )
}
