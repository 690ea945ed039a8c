import { CodedError, messageOf } from '@threshold/kit'
import { type Engine, type Preference, unusable } from '../engine.ts'
import { remedyOf } from '../folder.ts'
import type { LaunchWrapper } from '../process/child.ts'
import { noProgress, type OnProgress } from '../progress.ts'
import { endOrphans } from '../registry/sweep.ts'
import { dockerMongo } from './docker-provider.ts'
import { externalMongo } from './external.ts'
import { memoryServer } from './memory-server.ts'
import { mongodOnPath } from './mongod.ts'
import type { MongoProvider, NativeKind } from './provider.ts'
import { secantusPython, secantusRust } from './secantus.ts'

/** In this order: the user's own, then the real thing, then what stands in for it. */
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
  /** Forces one of the native ones. */
  readonly native?: NativeKind | undefined
  readonly prefer?: Preference | undefined
  /** Not an engine that we could not kill or pause: passes over `external`. */
  readonly managed?: boolean | undefined
  /** Passes over what takes no less than more: what stands in for MongoDB takes any. */
  readonly cacheMb?: number | undefined
  /** Where the data lives and stays; without it the data goes with the engine. */
  readonly dataDir?: string | undefined
  /** Replaces the command of a local process. A container ignores it. */
  readonly wrap?: LaunchWrapper | undefined
  readonly onProgress?: OnProgress | undefined
}

function mongoProviders(
  options: Pick<StartMongoOptions, 'provider' | 'native' | 'managed'>,
): MongoProvider[] {
  return MONGO_PROVIDERS.filter(
    (candidate) =>
      (options.provider === undefined || candidate.provider === options.provider) &&
      (options.native === undefined || candidate.native === options.native) &&
      !(options.managed === true && candidate.provider === 'external'),
  )
}

/**
 * Starts a MongoDB on the first provider that can, and returns when it answers. A provider that
 * cannot says why in one line of progress, and the next is tried; when none can, the error lists
 * them all.
 */
export async function startMongo(options: StartMongoOptions = {}): Promise<Engine> {
  const { prefer = 'quick', onProgress = noProgress } = options
  await endOrphans(onProgress)
  const candidates = mongoProviders(options)
  const refusals: { name: string; why: string; next: string | undefined }[] = []
  const refuse = (name: string, why: string, next: string | undefined): void => {
    refusals.push({ name, why, next })
    onProgress({ text: `${name}: ${why}` })
  }
  for (const candidate of candidates) {
    const { minCacheMb: leastCacheMb = 0 } = candidate
    if (options.cacheMb !== undefined && options.cacheMb < leastCacheMb) {
      refuse(
        candidate.name,
        `takes no less than ${leastCacheMb} MB of cache, and ${options.cacheMb} MB are wanted`,
        undefined,
      )
      continue
    }
    const availability = await candidate
      .available(prefer)
      .catch((error: unknown) => unusable(messageOf(error), 'npx threshold doctor'))
    if (!availability.usable) {
      refuse(candidate.name, availability.why, availability.next)
      continue
    }
    try {
      return await candidate.start({
        prefer,
        cacheMb: options.cacheMb,
        dataDir: options.dataDir,
        wrap: options.wrap,
        onProgress,
      })
    } catch (error) {
      if (candidates.length === 1) throw error
      refuse(
        candidate.name,
        messageOf(error).split('\n')[0] ?? '',
        error instanceof CodedError ? error.next : undefined,
      )
    }
  }
  const lines = refusals.map(
    ({ name, why, next }) => `  ${name}: ${why}${next === undefined ? '' : `\n    → ${next}`}`,
  )
  throw new CodedError('NO_MONGODB', `no MongoDB can be had here\n${lines.join('\n')}`, {
    next: remedyOf(refusals),
  })
}
