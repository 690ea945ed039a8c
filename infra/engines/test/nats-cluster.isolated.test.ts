import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { jetstream } from '@nats-io/jetstream'
import { connect, type NatsConnection } from '@nats-io/transport-node'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { parseNatsUri } from '../src/nats/address.ts'
import type { NatsEngine, NatsServer } from '../src/nats/engine.ts'
import { identify } from '../src/process/identity.ts'
import { isPortFree } from '../src/process/ports.ts'
import { dedicatedNats } from '../src/testing/index.ts'
import { cacheWithEngines, startScript } from './helpers.ts'
import { addStream, leaderOf, numbersOf, publish } from './nats-client.ts'

const WAIT = { timeout: 30_000, interval: 50 }
const upTo = (last: number): number[] => Array.from({ length: last }, (_, index) => index + 1)

/** A client that connects to another server when it loses its own. */
async function clusterClient(use: AsyncDisposableStack, uri: string): Promise<NatsConnection> {
  const client = await connect({ ...parseNatsUri(uri), reconnectTimeWait: 50 })
  use.defer(() => client.close())
  return client
}

/** The numbers in the stream. Servers that still elect a leader refuse to read, so this waits. */
const storedNumbers = (client: NatsConnection): Promise<number[]> =>
  vi.waitFor(() => numbersOf(client, 'kept'), WAIT)

/** The server that leads the stream, and the others. */
async function rolesOf(engine: NatsEngine, client: NatsConnection) {
  const name = await vi.waitFor(async () => {
    const leader = await leaderOf(client, 'kept')
    if (leader === undefined || leader === '') throw new Error('the stream has no leader')
    return leader
  }, WAIT)
  const servers = engine.servers()
  const leader = servers.find((server) => server.name === name)
  return { leader: leader!, others: servers.filter((server) => server !== leader) }
}

/** Publishes numbers until `stop` is called, and returns those that were acknowledged. */
function publishWithoutPause(client: NatsConnection, from: number) {
  const stream = jetstream(client, { timeout: 500 })
  const acknowledged: number[] = []
  let stopped = false
  const run = async () => {
    for (let number = from; !stopped; number++) {
      const stored = await stream.publish('kept.number', String(number)).catch(() => undefined)
      if (stored !== undefined) acknowledged.push(number)
    }
  }
  const running = run()
  return {
    acknowledged,
    async stop() {
      stopped = true
      await running
    },
  }
}

/** Only local processes form a cluster. The tests share one; each leaves it whole. */
describe('three servers of NATS', () => {
  const use = new AsyncDisposableStack()
  let engine: NatsEngine
  let client: NatsConnection
  beforeAll(async () => {
    engine = use.use(await dedicatedNats({ provider: 'native', servers: 3 }))
    client = await clusterClient(use, engine.uri)
    await addStream(client, 'kept', 3)
    await publish(client, 'kept', 1, 50)
  })
  afterAll(() => use.disposeAsync())

  it('have one address, and a label that names their number', () => {
    const { servers } = parseNatsUri(engine.uri)
    expect(new Set(servers).size).toBe(3)
    expect(engine.servers().map(({ address }) => address)).toEqual(servers)
    expect(engine.label.text).toMatch(/^NATS, 3 servers 2\.\d+\.\d+ \(native\)$/)
  })

  it('lose no acknowledged message when their leader is killed, and elect another', async () => {
    const load = publishWithoutPause(client, 51)
    await vi.waitFor(() => expect(load.acknowledged.length).toBeGreaterThan(50), WAIT)
    const { leader } = await rolesOf(engine, client)
    await leader.kill()
    expect(leader.state()).toBe('killed')
    const killedAt = load.acknowledged.length
    await vi.waitFor(() => expect(load.acknowledged.length).toBeGreaterThan(killedAt + 50), WAIT)
    await load.stop()
    expect((await rolesOf(engine, client)).leader.name).not.toBe(leader.name)
    const stored = new Set(await storedNumbers(client))
    expect([...upTo(50), ...load.acknowledged].filter((number) => !stored.has(number))).toEqual([])
    // A restarted server has caught up: the stream can do without another one.
    await leader.restart()
    expect(leader.state()).toBe('running')
  })

  it('serve while one of them hangs', async () => {
    await using own = new AsyncDisposableStack()
    const { others } = await rolesOf(engine, client)
    const [paused] = others as [NatsServer]
    await paused.pause()
    own.defer(() => paused.resume())
    expect(paused.state()).toBe('paused')
    const running = engine.servers().filter(({ name }) => name !== paused.name)
    const servers = running.map(({ address }) => address)
    const other = await connect({ ...parseNatsUri(engine.uri), servers })
    own.defer(() => other.close())
    // The paused server may have led the cluster, which then elects another leader.
    const before = await storedNumbers(other)
    await publish(other, 'kept', 1, 20)
    expect(await storedNumbers(other)).toEqual([...before, ...upTo(20)])
  })

  it('start again one after another when all were killed', async () => {
    const stored = await storedNumbers(client)
    for (const server of engine.servers()) await server.kill()
    // The first one answers without a leader. It would otherwise wait for ever.
    for (const server of engine.servers()) await server.restart()
    await using own = new AsyncDisposableStack()
    const later = await clusterClient(own, engine.uri)
    expect(await storedNumbers(later)).toEqual(stored)
  })
})

describe('a cluster whose owner is killed', () => {
  it('leaves no process, port or file', async () => {
    await using use = new AsyncDisposableStack()
    const cache = await cacheWithEngines(use)
    const owner = await startScript(use, 'nats-owner.ts')
    const servers = JSON.parse(owner.firstLine) as { pid: number; address: string }[]
    expect(servers).toHaveLength(3)
    owner.kill('SIGKILL')
    await vi.waitFor(async () => {
      for (const { pid, address } of servers) {
        expect(await identify(pid)).toBeUndefined()
        expect(await isPortFree(Number(address.split(':')[1]))).toBe(true)
      }
      expect(await readdir(join(cache, 'run'))).toEqual([])
    }, WAIT)
  })
})
