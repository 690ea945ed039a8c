import { CodedError } from '@threshold/kit'
import { checkToolSpace, isInstalled } from '../cache.ts'
import { findDocker } from '../docker/find.ts'
import { imageAvailable } from '../docker/image.ts'
import { type Availability, type Preference, unusable } from '../engine.ts'
import type { OnProgress } from '../progress.ts'
import { CASSANDRA_IMAGE, TOOLS, VERSIONS } from '../versions.ts'
import { startNativeCassandra } from './cluster.ts'
import { startDockerCassandra } from './docker.ts'
import type { CassandraEngine, StartCassandraOptions } from './engine.ts'
import { externalCassandra } from './external.ts'
import { findMaven, MAVEN_NEXT } from './install.ts'
import { findJava } from './java.ts'

export interface CassandraProvider {
  readonly provider: 'external' | 'docker' | 'native'
  readonly name: string
  /** Installs and starts nothing. */
  available(prefer: Preference): Promise<Availability>
  start(options: StartCassandraOptions, onProgress: OnProgress): Promise<CassandraEngine>
}

const dockerCassandra: CassandraProvider = {
  provider: 'docker',
  name: `${VERSIONS.cassandraImage} in Docker`,
  available: (prefer) => imageAvailable(CASSANDRA_IMAGE, prefer),
  async start(options, onProgress) {
    const docker = await findDocker()
    if (!docker.usable) throw new CodedError('NO_DOCKER', docker.why, { next: docker.next })
    return await startDockerCassandra(docker, options, onProgress)
  },
}

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
