import { CodedError, messageOf } from '@threshold/kit'
import { enginesConfig } from '../config.ts'
import {
  cannotScale,
  type Engine,
  externalEngineError,
  labelText,
  unusable,
  usable,
} from '../engine.ts'
import { detectProduct, type MongoProduct } from './product.ts'
import type { MongoProvider } from './provider.ts'
import { adminCommand } from './ready.ts'

const VARIABLE = 'THRESHOLD_MONGODB_URI'

export const externalMongo: MongoProvider = {
  provider: 'external',
  name: 'external',

  async available() {
    const uri = enginesConfig().mongodbUri
    if (uri === undefined)
      return unusable(`${VARIABLE} is not set`, `export ${VARIABLE}=mongodb://…`)
    try {
      await adminCommand(uri, { ping: 1 })
      return usable
    } catch (error) {
      // The address may contain a password. The driver's message contains only host and port.
      return unusable(
        `the server of ${VARIABLE} does not answer: ${messageOf(error)}`,
        `start that server, or unset ${VARIABLE}`,
      )
    }
  },

  async start() {
    const uri = enginesConfig().mongodbUri
    if (uri === undefined)
      throw new CodedError('NO_MONGODB', `${VARIABLE} is not set`, {
        next: `export ${VARIABLE}=mongodb://…`,
      })
    return externalEngine(uri, await detectProduct(uri))
  },
}

function externalEngine(uri: string, { product, version }: MongoProduct): Engine {
  const refuse = (action: string) => async (): Promise<void> => {
    throw externalEngineError(action)
  }
  const stop = async (): Promise<void> => {}
  return {
    kind: 'mongodb',
    label: labelText({
      product,
      version,
      provider: 'external',
      ...(product === 'MongoDB' ? {} : { standIn: `${product} speaks MongoDB's protocol` }),
    }),
    uri,
    pid: undefined,
    state: () => 'running',
    stop,
    kill: refuse('killed'),
    restart: refuse('restarted'),
    pause: refuse('paused'),
    resume: refuse('resumed'),
    limits() {
      throw externalEngineError('limited')
    },
    async scale(nodes) {
      throw nodes === 1 ? externalEngineError('scaled') : cannotScale(product, nodes)
    },
    [Symbol.asyncDispose]: stop,
  }
}
