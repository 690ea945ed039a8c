import type { NatsConnection } from '@nats-io/transport-node'
import { CodedError, messageOf } from '@threshold/kit'
import { z } from 'zod'
import type { NatsAddress } from './address.ts'

const TIMEOUT_MS = 1_000

/**
 * Runs `use` on a connection of its own, which is closed afterwards. Throws NATS_UNREACHABLE if no
 * server answers or accepts the user. Its message names the servers, and no secret.
 */
async function withNats<T>(
  address: NatsAddress,
  use: (connection: NatsConnection) => Promise<T>,
): Promise<T> {
  // Loaded only here: every command imports this package, and few need the client.
  const { connect } = await import('@nats-io/transport-node')
  const options = { ...address, name: 'threshold', reconnect: false, timeout: TIMEOUT_MS }
  const connection = await connect(options).catch((error: unknown) => {
    const why = `${address.servers.join(', ')}: ${messageOf(error)}`
    throw new CodedError('NATS_UNREACHABLE', why, { cause: error })
  })
  try {
    return await use(connection)
  } finally {
    await connection.close()
  }
}

const healthSchema = z.object({
  data: z.object({ status: z.string(), error: z.string().optional() }),
})

/**
 * Throws NATS_NOT_HEALTHY unless JetStream serves on this server: its streams are restored, and in
 * a cluster it has caught up with the leader. Returns the server's version.
 */
export const probeHealth = (address: NatsAddress): Promise<string> =>
  withNats(address, async (connection) => {
    const { server_id: id = '', version = '' } = connection.info ?? {}
    const answer = await connection.request(`$SYS.REQ.SERVER.${id}.HEALTHZ`, '{}', {
      timeout: TIMEOUT_MS,
    })
    const { data } = healthSchema.parse(answer.json())
    if (data.status !== 'ok')
      throw new CodedError('NATS_NOT_HEALTHY', data.error ?? `its health is ${data.status}`)
    return version
  })

/** Resolves if the server answers and accepts the user. */
export const probeAnswer = (address: NatsAddress): Promise<void> =>
  withNats(address, (connection) => connection.flush())

export interface NatsFacts {
  readonly version: string
  readonly maxPayload: number
  /** Whether JetStream answers this user. */
  readonly jetStream: boolean
}

/** Asks the server what it offers this user. */
export const inspectNats = (address: NatsAddress): Promise<NatsFacts> =>
  withNats(address, async (connection) => {
    const { version = 'of unknown version', max_payload: maxPayload = 0 } = connection.info ?? {}
    const jetStream = await connection
      .request('$JS.API.INFO', '', { timeout: TIMEOUT_MS })
      .then((answer) => !('error' in answer.json<object>()))
      .catch(() => false)
    return { version, maxPayload, jetStream }
  })
