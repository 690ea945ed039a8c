import { startFirstProvider } from '../first-available.ts'
import type { OnProgress } from '../progress.ts'
import type { CassandraEngine, StartCassandraOptions } from './engine.ts'
import { CASSANDRA_PROVIDERS } from './provider.ts'

/**
 * Connects to or starts a Cassandra with the first provider that works, in the order external,
 * Docker, native, and returns when it answers CQL. Throws NO_CASSANDRA with every provider's reason
 * if none works. If the options leave one provider and its start fails, that error is thrown.
 */
export const startCassandra = (
  options: StartCassandraOptions & { onProgress?: OnProgress } = {},
): Promise<CassandraEngine> =>
  startFirstProvider(CASSANDRA_PROVIDERS, options, { code: 'NO_CASSANDRA', product: 'Cassandra' })
