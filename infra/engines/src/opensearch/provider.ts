import { dockerProvider } from '../docker/provider.ts'
import { unusable } from '../engine.ts'
import type { Provider } from '../first-available.ts'
import { checkJars } from '../maven.ts'
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
    const problem = await rootProblem()
    if (problem !== undefined) return unusable(problem, 'run the command as another user')
    return await checkJars(TOOLS.opensearch, RUN_MB)
  },
  start: startNativeOpenSearch,
}

/** The order of preference: the user's own server, a container, a local process. */
export const OPENSEARCH_PROVIDERS: readonly OpenSearchProvider[] = [
  externalOpenSearch,
  dockerOpenSearch,
  nativeOpenSearch,
]
