import { jetstream, jetstreamManager } from '@nats-io/jetstream'
import { connect, type NatsConnection } from '@nats-io/transport-node'
import { parseNatsUri } from '../src/nats/address.ts'

const TIMEOUT_MS = 2_000

/** A connection that reports a lost server instead of looking for it. */
export async function clientOf(use: AsyncDisposableStack, uri: string): Promise<NatsConnection> {
  const options = { ...parseNatsUri(uri), reconnect: false, timeout: TIMEOUT_MS }
  const client = await connect(options)
  use.defer(() => client.close())
  return client
}

/** A stream that keeps every message that is published below its name. */
export async function addStream(client: NatsConnection, name: string, replicas = 1) {
  const manager = await jetstreamManager(client, { timeout: TIMEOUT_MS })
  await manager.streams.add({ name, subjects: [`${name}.>`], num_replicas: replicas })
}

/** Publishes the numbers from `from` up to `to`, and returns when each is acknowledged. */
export async function publish(client: NatsConnection, name: string, from: number, to: number) {
  const stream = jetstream(client, { timeout: TIMEOUT_MS })
  for (let number = from; number <= to; number++)
    await stream.publish(`${name}.number`, String(number))
}

/** The numbers in the stream, in order. */
export async function numbersOf(client: NatsConnection, name: string): Promise<number[]> {
  const manager = await jetstreamManager(client, { timeout: TIMEOUT_MS })
  const { state } = await manager.streams.info(name)
  const numbers: number[] = []
  for (let sequence = state.first_seq; sequence <= state.last_seq; sequence++)
    numbers.push(Number((await manager.streams.getMessage(name, { seq: sequence }))?.string()))
  return numbers
}

/** The name of the server that leads a stream; undefined during an election. */
export async function leaderOf(client: NatsConnection, name: string): Promise<string | undefined> {
  const manager = await jetstreamManager(client, { timeout: TIMEOUT_MS })
  return (await manager.streams.info(name)).cluster?.leader
}
