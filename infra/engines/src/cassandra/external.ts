import { CodedError, messageOf } from '@threshold/kit'
import { enginesConfig } from '../config.ts'
import { externalEngineError, labelText, unusable, usable } from '../engine.ts'
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
  const refuse = (action: string) => async (): Promise<never> => {
    throw externalEngineError(action)
  }
  const stop = async (): Promise<void> => {}
  return {
    kind: 'cassandra',
    label: labelText({ product: 'Cassandra', version, provider: 'external' }),
    uri,
    pid: undefined,
    nodes: () => [],
    state: () => 'running',
    stop,
    kill: refuse('killed'),
    restart: refuse('restarted'),
    pause: refuse('paused'),
    resume: refuse('resumed'),
    limits() {
      throw externalEngineError('limited')
    },
    scale: refuse('scaled'),
    addNode: refuse('scaled'),
    [Symbol.asyncDispose]: stop,
  }
}
