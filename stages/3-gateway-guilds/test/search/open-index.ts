import { openSearchIndex } from '../../src/adapters/search-index.opensearch.ts'
import { sqliteSearchIndex } from '../../src/adapters/search-index.sqlite.ts'
import type { StreamIndex } from '../../src/search/stream-index.ts'

/** Opens the index at an address of OpenSearch, or in a file, or else in memory. */
export const openIndex = (place?: string): StreamIndex | Promise<StreamIndex> =>
  place?.startsWith('http') ? openSearchIndex(place) : sqliteSearchIndex(place)
