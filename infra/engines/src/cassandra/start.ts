import { CodedError, messageOf } from '@threshold/kit'
import { unusable } from '../engine.ts'
import { remedyOf } from '../folder.ts'
import { noProgress, type OnProgress } from '../progress.ts'
import { endOrphans } from '../registry/sweep.ts'
import type { CassandraEngine, StartCassandraOptions } from './engine.ts'
import { CASSANDRA_PROVIDERS } from './provider.ts'

/**
 * Starts a Cassandra on the first provider that can, and returns when it answers CQL. A provider
 * that cannot says why in one line of progress, and the next is tried; when none can, the error
 * lists them all.
 */
export async function startCassandra(
  options: StartCassandraOptions & { onProgress?: OnProgress } = {},
): Promise<CassandraEngine> {
  const { onProgress = noProgress } = options
  await endOrphans(onProgress)
  const candidates = CASSANDRA_PROVIDERS.filter(
    ({ provider }) =>
      (options.provider === undefined || provider === options.provider) &&
      !(options.managed === true && provider === 'external'),
  )
  const refusals: string[] = []
  const nexts: { next: string | undefined }[] = []
  for (const candidate of candidates) {
    const availability = await candidate
      .available(options.prefer ?? 'quick')
      .catch((error: unknown) => unusable(messageOf(error), 'npx threshold doctor'))
    const refuse = (why: string, next: string | undefined): void => {
      nexts.push({ next })
      refusals.push(`  ${candidate.name}: ${why}${next === undefined ? '' : `\n    → ${next}`}`)
      onProgress({ text: `${candidate.name}: ${why}` })
    }
    if (!availability.usable) {
      refuse(availability.why, availability.next)
      continue
    }
    try {
      return await candidate.start(options, onProgress)
    } catch (error) {
      if (candidates.length === 1) throw error
      refuse(
        messageOf(error).split('\n')[0] ?? '',
        error instanceof CodedError ? error.next : undefined,
      )
    }
  }
  throw new CodedError('NO_CASSANDRA', `no Cassandra can be had here\n${refusals.join('\n')}`, {
    next: remedyOf(nexts),
  })
}
