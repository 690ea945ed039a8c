import { CodedError, messageOf } from '@threshold/kit'
import { type Availability, type EngineLabel, type Preference, unusable } from './engine.ts'
import { remedyOf } from './folder.ts'
import { noProgress, type OnProgress } from './progress.ts'
import { endOrphans } from './registry/sweep.ts'

export interface Candidate<E> {
  readonly name: string
  available(): Promise<Availability>
  start(): Promise<E>
}

/**
 * Starts the engine of the first candidate that works. Each one that does not is reported as a line
 * of progress. Throws an error with `code` and all reasons if none works. If there is only one
 * candidate, an error of its start is thrown unchanged.
 */
export async function startFirstAvailable<E>(
  candidates: readonly Candidate<E>[],
  { code, product, onProgress }: { code: string; product: string; onProgress: OnProgress },
): Promise<E> {
  await endOrphans(onProgress)
  const rejected: { name: string; why: string; next: string | undefined }[] = []
  for (const { name, available, start } of candidates) {
    const reject = (why: string, next: string | undefined): void => {
      rejected.push({ name, why, next })
      onProgress({ text: `${name}: ${why}` })
    }
    const availability = await available().catch((error: unknown) =>
      unusable(messageOf(error), 'npx threshold doctor'),
    )
    if (!availability.usable) {
      reject(availability.why, availability.next)
      continue
    }
    try {
      return await start()
    } catch (error) {
      if (candidates.length === 1) throw error
      const next = error instanceof CodedError ? error.next : undefined
      reject(messageOf(error).split('\n')[0] ?? '', next)
    }
  }
  const lines = rejected.map(
    ({ name, why, next }) => `  ${name}: ${why}${next === undefined ? '' : `\n    → ${next}`}`,
  )
  throw new CodedError(code, `no ${product} can be started here\n${lines.join('\n')}`, {
    next: remedyOf(rejected),
  })
}

/** One way to get an engine. */
export interface Provider<E, Options> {
  readonly provider: EngineLabel['provider']
  readonly name: string
  /** Installs and starts nothing. */
  available(prefer: Preference): Promise<Availability>
  start(options: Options, onProgress: OnProgress): Promise<E>
}

interface ProviderOptions {
  readonly provider?: EngineLabel['provider'] | undefined
  /** Skips `external`, whose engine cannot be killed or paused. */
  readonly managed?: boolean | undefined
  readonly prefer?: Preference | undefined
  readonly onProgress?: OnProgress
}

/** Does what `startFirstAvailable` does, with the providers that the options leave. */
export async function startFirstProvider<E, Options extends ProviderOptions>(
  providers: readonly Provider<E, Options>[],
  options: Options,
  report: { readonly code: string; readonly product: string },
): Promise<E> {
  const { onProgress = noProgress, prefer = 'quick', managed = false } = options
  const candidates = providers
    .filter(
      ({ provider }) =>
        (options.provider === undefined || provider === options.provider) &&
        !(managed && provider === 'external'),
    )
    .map((provider) => ({
      name: provider.name,
      available: () => provider.available(prefer),
      start: () => provider.start(options, onProgress),
    }))
  return await startFirstAvailable(candidates, { ...report, onProgress })
}
