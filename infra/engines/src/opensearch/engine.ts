import type { Engine, Preference } from '../engine.ts'

/** A running OpenSearch of one node, without a password: it listens on loopback only. */
export interface OpenSearchEngine extends Engine {
  readonly kind: 'opensearch'
  /** `http://host:port`. The address of an external one may hold a secret: do not print it. */
  readonly uri: string
}

export interface StartOpenSearchOptions {
  readonly provider?: 'external' | 'docker' | 'native' | undefined
  /** Skips `external`, whose engine cannot be killed or paused. */
  readonly managed?: boolean | undefined
  /** Default `quick`, which does not wait for an image of a gigabyte. */
  readonly prefer?: Preference | undefined
  readonly heapMb?: number | undefined
  /** Uses less CPU to start, but the server stays slower: for one that lives for minutes. */
  readonly shortLived?: boolean | undefined
}

/** Enough for tests and a workshop. The process then takes 0.4 GB. */
export const DEFAULT_HEAP_MB = 256
