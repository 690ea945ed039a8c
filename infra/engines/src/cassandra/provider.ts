import { dockerProvider } from '../docker/provider.ts'
import type { Provider } from '../first-available.ts'
import { checkJars } from '../maven.ts'
import { CASSANDRA_IMAGE, TOOLS, VERSIONS } from '../versions.ts'
import { startNativeCassandra } from './cluster.ts'
import { startDockerCassandra } from './docker.ts'
import type { CassandraEngine, StartCassandraOptions } from './engine.ts'
import { externalCassandra } from './external.ts'

export type CassandraProvider = Provider<CassandraEngine, StartCassandraOptions>

const dockerCassandra: CassandraProvider = dockerProvider(CASSANDRA_IMAGE, startDockerCassandra)

/** The space for the commit log, system tables and logs. */
const RUN_MB = 150

const nativeCassandra: CassandraProvider = {
  provider: 'native',
  name: `Cassandra ${VERSIONS.cassandra}, local processes`,
  available: () => checkJars(TOOLS.cassandra, RUN_MB),
  start: startNativeCassandra,
}

/** The order of preference: the user's own cluster, a container, local processes. */
export const CASSANDRA_PROVIDERS: readonly CassandraProvider[] = [
  externalCassandra,
  dockerCassandra,
  nativeCassandra,
]
