import { checkToolSpace, isInstalled } from '../cache.ts'
import { dockerProvider } from '../docker/provider.ts'
import { unusable } from '../engine.ts'
import type { Provider } from '../first-available.ts'
import { findMaven, MAVEN_NEXT } from '../maven.ts'
import { CASSANDRA_IMAGE, TOOLS, VERSIONS } from '../versions.ts'
import { startNativeCassandra } from './cluster.ts'
import { startDockerCassandra } from './docker.ts'
import type { CassandraEngine, StartCassandraOptions } from './engine.ts'
import { externalCassandra } from './external.ts'
import { findJava } from './java.ts'

export type CassandraProvider = Provider<CassandraEngine, StartCassandraOptions>

const dockerCassandra: CassandraProvider = dockerProvider(CASSANDRA_IMAGE, startDockerCassandra)

/** The doctor knows the system and replaces this text by a command. */
export const JAVA_NEXT = 'npx threshold doctor shows how to install Java 17'

/** The space for the commit log, system tables and logs. */
const RUN_MB = 150

const nativeCassandra: CassandraProvider = {
  provider: 'native',
  name: `Cassandra ${VERSIONS.cassandra}, local processes`,
  async available() {
    const java = await findJava()
    if (!java.usable) return unusable(java.why, JAVA_NEXT)
    if ((await isInstalled(TOOLS.cassandra)) || (await findMaven()) !== undefined)
      return await checkToolSpace(TOOLS.cassandra, RUN_MB)
    return unusable('its jars are not in the cache, and there is no mvn to fetch them', MAVEN_NEXT)
  },
  start: startNativeCassandra,
}

/** The order of preference: the user's own cluster, a container, local processes. */
export const CASSANDRA_PROVIDERS: readonly CassandraProvider[] = [
  externalCassandra,
  dockerCassandra,
  nativeCassandra,
]
