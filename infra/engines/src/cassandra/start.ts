import { startFirstAvailable } from '../first-available.ts'
import { noProgress, type OnProgress } from '../progress.ts'
import type { CassandraEngine, StartCassandraOptions } from './engine.ts'
import { CASSANDRA_PROVIDERS } from './provider.ts'

/**
 * Connects to or starts a Cassandra with the first provider that works, in the order external,
 * Docker, native, and returns when it answers CQL. Throws NO_CASSANDRA with every provider's reason
 * if none works. If the options leave one provider and its start fails, that error is thrown.
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
  return await startFirstAvailable(candidates, {
    code: 'NO_CASSANDRA',
    product: 'Cassandra',
    onProgress,
  })
}
