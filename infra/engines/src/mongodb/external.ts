import { CodedError, messageOf } from '@threshold/kit'
import type { Document } from 'mongodb'
import { enginesConfig } from '../config.ts'
import { cannotScale, type Engine, labelText, notOurs, unusable, usable } from '../engine.ts'
import type { MongoProvider } from './provider.ts'
import { adminCommand } from './ready.ts'

const VARIABLE = 'THRESHOLD_MONGODB_URI'

export const externalMongo: MongoProvider = {
  provider: 'external',
  name: 'external',

  async available() {
    const uri = enginesConfig().mongodbUri
    if (uri === undefined) return unusable(`${VARIABLE} is not set`, `export ${VARIABLE}=mongodb://…`)
    try {
      await adminCommand(uri, { ping: 1 })
      return usable
    } catch (error) {
      // The address may hold a password; the driver's message holds host and port only.
      return unusable(`the server of ${VARIABLE} does not answer: ${messageOf(error)}`, `start that server, or unset ${VARIABLE}`)
    }
  },

  async start() {
    const uri = enginesConfig().mongodbUri
    if (uri === undefined) throw new CodedError('NO_MONGODB', `${VARIABLE} is not set`)
    const [build, hello] = await Promise.all([adminCommand(uri, { buildInfo: 1 }), adminCommand(uri, { hello: 1 })])
    return externalEngine(uri, build, hello)
  },
}

function externalEngine(uri: string, build: Document, hello: Document): Engine {
  const refuse = (what: string) => async (): Promise<void> => {
    throw notOurs(what)
  }
  const product = productOf(build, hello)
  const stop = async (): Promise<void> => {}
  return {
    kind: 'mongodb',
    label: labelText({
      product,
      version: String(build.version),
      provider: 'external',
      ...(product === 'MongoDB' ? {} : { standIn: `it speaks MongoDB's protocol but is ${product}` }),
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
      throw notOurs('limited')
    },
    async scale(nodes) {
      throw nodes === 1 ? notOurs('scaled') : cannotScale(product, nodes)
    },
    [Symbol.asyncDispose]: stop,
  }
}

/** Servers that speak the protocol give themselves away in what they say beside the version they claim. */
function productOf(build: Document, hello: Document): string {
  if (build.ferretdb !== undefined) return 'FerretDB'
  if (hello.setName === 'secantus' || JSON.stringify(build).toLowerCase().includes('secantus')) return 'SecantusDB'
  return 'MongoDB'
}
