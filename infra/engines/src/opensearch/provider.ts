import { checkToolSpace, isInstalled } from '../cache.ts'
import { findJava } from '../cassandra/java.ts'
import { JAVA_NEXT } from '../cassandra/provider.ts'
import { dockerProvider } from '../docker/provider.ts'
import { unusable } from '../engine.ts'
import type { Provider } from '../first-available.ts'
import { findMaven, MAVEN_NEXT } from '../maven.ts'
import { OPENSEARCH_IMAGE, TOOLS, VERSIONS } from '../versions.ts'
import { startDockerOpenSearch } from './docker.ts'
import type { OpenSearchEngine, StartOpenSearchOptions } from './engine.ts'
import { externalOpenSearch } from './external.ts'
import { rootProblem, startNativeOpenSearch } from './native.ts'

export type OpenSearchProvider = Provider<OpenSearchEngine, StartOpenSearchOptions>

const dockerOpenSearch: OpenSearchProvider = dockerProvider(OPENSEARCH_IMAGE, startDockerOpenSearch)

/** The space for a small index and logs. */
const RUN_MB = 100

export const nativeOpenSearch: OpenSearchProvider = {
  provider: 'native',
  name: `OpenSearch ${VERSIONS.opensearch}, a local process`,
  async available() {
    const java = await findJava()
    if (!java.usable) return unusable(java.why, JAVA_NEXT)
    const problem = await rootProblem()
    if (problem !== undefined) return unusable(problem, 'run the command as another user')
    if ((await isInstalled(TOOLS.opensearch)) || (await findMaven()) !== undefined)
      return await checkToolSpace(TOOLS.opensearch, RUN_MB)
    return unusable('its jars are not in the cache, and there is no mvn to fetch them', MAVEN_NEXT)
  },
  start: startNativeOpenSearch,
}

/** The order of preference: the user's own server, a container, a local process. */
export const OPENSEARCH_PROVIDERS: readonly OpenSearchProvider[] = [
  externalOpenSearch,
  dockerOpenSearch,
  nativeOpenSearch,
]
