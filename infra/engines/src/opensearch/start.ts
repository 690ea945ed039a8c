import { startFirstProvider } from '../first-available.ts'
import type { OnProgress } from '../progress.ts'
import type { OpenSearchEngine, StartOpenSearchOptions } from './engine.ts'
import { OPENSEARCH_PROVIDERS } from './provider.ts'

/**
 * Connects to or starts an OpenSearch with the first provider that works, in the order external,
 * Docker, native, and returns when it serves. Throws NO_OPENSEARCH with every provider's reason if
 * none works. If the options leave one provider and its start fails, that error is thrown.
 */
export const startOpenSearch = (
  options: StartOpenSearchOptions & { onProgress?: OnProgress } = {},
): Promise<OpenSearchEngine> =>
  startFirstProvider(OPENSEARCH_PROVIDERS, options, {
    code: 'NO_OPENSEARCH',
    product: 'OpenSearch',
  })
