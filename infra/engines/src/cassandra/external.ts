import { CodedError, messageOf } from '@threshold/kit'
import { enginesConfig } from '../config.ts'
import { engineLabel, unusable, usable } from '../engine.ts'
import { externalControls } from '../external.ts'
import { cassandraVersion } from './address.ts'
import type { CassandraEngine } from './engine.ts'
import type { CassandraProvider } from './provider.ts'

const VARIABLE = 'THRESHOLD_CASSANDRA_URI'

export const externalCassandra: CassandraProvider = {
  provider: 'external',
  name: 'external',

  async available() {
    const uri = enginesConfig().cassandraUri
    if (uri === undefined)
      return unusable(
        `${VARIABLE} is not set`,
        `export ${VARIABLE}=cassandra://host:9042/?dc=datacenter1`,
      )
    try {
      await cassandraVersion(uri)
      return usable
    } catch (error) {
      return unusable(
        `the server of ${VARIABLE} does not answer: ${messageOf(error)}`,
        `start that server, or unset ${VARIABLE}`,
      )
    }
  },

  async start() {
    const uri = enginesConfig().cassandraUri
    if (uri === undefined)
      throw new CodedError('NO_CASSANDRA', `${VARIABLE} is not set`, {
        next: `export ${VARIABLE}=cassandra://host:9042/?dc=datacenter1`,
      })
    return externalEngine(uri, await cassandraVersion(uri))
  },
}

function externalEngine(uri: string, version: string): CassandraEngine {
  const controls = externalControls(VARIABLE)
  return {
    ...controls,
    kind: 'cassandra',
    label: engineLabel({ product: 'Cassandra', version, provider: 'external' }),
    uri,
    nodes: () => [],
    addNode: controls.scale,
  }
}
