import { CodedError, messageOf } from '@threshold/kit'
import { enginesConfig } from '../config.ts'
import { engineLabel, unusable, usable } from '../engine.ts'
import { externalControls } from '../external.ts'
import { parseNatsUri } from './address.ts'
import { inspectNats } from './probe.ts'
import type { NatsProvider } from './provider.ts'
import { MAX_PAYLOAD } from './settings.ts'

const VARIABLE = 'THRESHOLD_NATS_URI'
const NEXT = `export ${VARIABLE}=nats://user:password@host:4222`

export const externalNats: NatsProvider = {
  provider: 'external',
  name: 'external',

  async available() {
    const uri = enginesConfig().natsUri
    if (uri === undefined) return unusable(`${VARIABLE} is not set`, NEXT)
    const server = `the server of ${VARIABLE}`
    try {
      const { jetStream, maxPayload } = await inspectNats(parseNatsUri(uri))
      if (!jetStream)
        return unusable(
          `${server} offers this user no JetStream`,
          'enable JetStream for the account, and let the user publish to $JS.API.>',
        )
      if (maxPayload < MAX_PAYLOAD)
        return unusable(
          `${server} accepts only ${maxPayload} bytes a message, and ${MAX_PAYLOAD} are needed`,
          'set max_payload: 4MB in its configuration',
        )
      return usable
    } catch (error) {
      // The address may contain a password. The message contains only hosts and ports.
      return unusable(
        `${server} does not answer: ${messageOf(error)}`,
        `start that server, or unset ${VARIABLE}`,
      )
    }
  },

  async start() {
    const uri = enginesConfig().natsUri
    if (uri === undefined) throw new CodedError('NO_NATS', `${VARIABLE} is not set`, { next: NEXT })
    const { version } = await inspectNats(parseNatsUri(uri))
    return {
      ...externalControls(VARIABLE),
      kind: 'nats',
      label: engineLabel({ product: 'NATS', version, provider: 'external' }),
      uri,
      uriOf: () => uri,
      servers: () => [],
    }
  },
}
