import { CodedError, messageOf } from '@threshold/kit'
import { enginesConfig } from '../config.ts'
import { cannotScale, type Engine, engineLabel, unusable, usable } from '../engine.ts'
import { externalControls } from '../external.ts'
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
  const controls = externalControls(VARIABLE)
  const standIn = product === 'MongoDB' ? {} : { standIn: `${product} speaks MongoDB's protocol` }
  return {
    ...controls,
    kind: 'mongodb',
    label: engineLabel({ product, version, provider: 'external', ...standIn }),
    uri,
    async scale(nodes) {
      if (nodes !== 1) throw cannotScale(product, nodes)
      await controls.scale()
    },
  }
}
