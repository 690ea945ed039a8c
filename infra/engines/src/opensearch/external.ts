import { CodedError, messageOf } from '@threshold/kit'
import { enginesConfig } from '../config.ts'
import { engineLabel, unusable, usable } from '../engine.ts'
import { externalControls } from '../external.ts'
import { probeOpenSearch } from './probe.ts'
import type { OpenSearchProvider } from './provider.ts'

const VARIABLE = 'THRESHOLD_OPENSEARCH_URI'
const NEXT = `export ${VARIABLE}=https://user:password@host:9200`

export const externalOpenSearch: OpenSearchProvider = {
  provider: 'external',
  name: 'external',

  async available() {
    const uri = enginesConfig().openSearchUri
    if (uri === undefined) return unusable(`${VARIABLE} is not set`, NEXT)
    if (!URL.canParse(uri) || new URL(uri).pathname !== '/')
      return unusable(`${VARIABLE} is not an address like https://host:9200`, NEXT)
    try {
      await probeOpenSearch(uri)
      return usable
    } catch (error) {
      return unusable(
        `the server of ${VARIABLE} does not answer: ${messageOf(error)}`,
        `start that server, or unset ${VARIABLE}`,
      )
    }
  },

  async start() {
    const uri = enginesConfig().openSearchUri
    if (uri === undefined)
      throw new CodedError('NO_OPENSEARCH', `${VARIABLE} is not set`, { next: NEXT })
    const version = await probeOpenSearch(uri)
    return {
      ...externalControls(VARIABLE),
      kind: 'opensearch',
      label: engineLabel({ product: 'OpenSearch', version, provider: 'external' }),
      uri,
    }
  },
}
