import { startFirstAvailable } from '../first-available.ts'
import { noProgress, type OnProgress } from '../progress.ts'
import type { CassandraEngine, StartCassandraOptions } from './engine.ts'
import { CASSANDRA_PROVIDERS } from './provider.ts'

/**
 * Starts a Cassandra on the first provider that works, and returns when it answers CQL. Throws
 * NO_CASSANDRA with every provider's reason if none works.
 */
export async function startCassandra(
  options: StartCassandraOptions & { onProgress?: OnProgress } = {},
): Promise<CassandraEngine> {
  const { onProgress = noProgress, prefer = 'quick', managed = false } = options
  const candidates = CASSANDRA_PROVIDERS.filter(
    ({ provider }) =>
      (options.provider === undefined || provider === options.provider) &&
      !(managed && provider === 'external'),
  ).map((provider) => ({
    name: provider.name,
    available: () => provider.available(prefer),
    start: () => provider.start(options, onProgress),
  }))
  const report = { code: 'NO_CASSANDRA', product: 'Cassandra', onProgress }
  return await startFirstAvailable(candidates, report)
}
