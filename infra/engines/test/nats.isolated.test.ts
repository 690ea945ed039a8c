import { existsSync } from 'node:fs'
import { readdir, readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { connect, type NatsConnection } from '@nats-io/transport-node'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { cacheDir } from '../src/cache.ts'
import { parseNatsUri } from '../src/nats/address.ts'
import type { NatsEngine } from '../src/nats/engine.ts'
import { MAX_PAYLOAD } from '../src/nats/settings.ts'
import { identify } from '../src/process/identity.ts'
import { isListening, isPortFree } from '../src/process/ports.ts'
import { runProbe } from '../src/process/probe.ts'
import { dedicatedNats } from '../src/testing/index.ts'
import { addStream, clientOf, numbersOf, publish } from './nats-client.ts'

const ACKNOWLEDGED = 200
const upTo = (last: number): number[] => Array.from({ length: last }, (_, index) => index + 1)
const portOf = ({ uri }: NatsEngine): number => Number(parseNatsUri(uri).servers[0]?.split(':')[1])

/** The addresses on which something listens at this port. Linux writes them in hexadecimal. */
async function listenersAt(port: number): Promise<string[]> {
  const tables = await Promise.all(
    ['/proc/net/tcp', '/proc/net/tcp6'].map((file) => readFile(file, 'utf8').catch(() => '')),
  )
  const end = `:${port.toString(16).toUpperCase().padStart(4, '0')}`
  return tables
    .flatMap((table) => table.split('\n'))
    .map((line) => line.trim().split(/\s+/))
    .filter(([, local = '', , state]) => local.endsWith(end) && state === '0A')
    .map(([, local = '']) => local.slice(0, -end.length))
}

/** The tests share one server. Each leaves it running. */
describe('NATS', () => {
  const use = new AsyncDisposableStack()
  let engine: NatsEngine
  beforeAll(async () => {
    engine = use.use(await dedicatedNats())
    await using setup = new AsyncDisposableStack()
    const client = await clientOf(setup, engine.uri)
    await addStream(client, 'kept')
    await publish(client, 'kept', 1, ACKNOWLEDGED)
  })
  afterAll(() => use.disposeAsync())

  it('reports its label, its limits and its address', async () => {
    const { version, provider, text } = engine.label
    expect(text).toBe(`NATS ${version} (${provider})`)
    expect(version).toMatch(/^2\.\d+\.\d+$/)
    expect(engine.uri).toMatch(/^nats:\/\/threshold:[0-9a-f]{48}@127\.0\.0\.1:\d+$/)
    expect(engine.limits()).toEqual({ memoryBytes: 2 ** 28, storeBytes: 2 ** 30 })
    expect(engine.state()).toBe('running')
    await engine.scale(1)
    await expect(engine.scale(3)).rejects.toMatchObject({ code: 'ENGINE_CANNOT_SCALE' })
  })

  it('accepts messages of up to 4 MB', async () => {
    await using own = new AsyncDisposableStack()
    const client = await clientOf(own, engine.uri)
    const received = client.subscribe('large', { max: 1 })
    client.publish('large', new Uint8Array(MAX_PAYLOAD))
    for await (const { data } of received) expect(data.length).toBe(4 * 1024 * 1024)
    expect(() => client.publish('large', new Uint8Array(MAX_PAYLOAD + 1))).toThrow(/max_payload/)
  })

  it.each([
    ['nobody', {}],
    ['a wrong password', { user: 'threshold', pass: 'wrong' }],
    ['a token that it did not give', { token: 'wrong' }],
  ])('refuses %s', async (_who, credentials) => {
    const { servers } = parseNatsUri(engine.uri)
    await expect(connect({ servers, reconnect: false, ...credentials })).rejects.toThrow(
      'Authorization Violation',
    )
  })

  it('keeps its password out of its arguments and from other users', async () => {
    const { pass = '' } = parseNatsUri(engine.uri)
    const { stdout } = await runProbe('ps', ['-axwwo', 'args='])
    expect(stdout).toContain('nats-server')
    expect(stdout).not.toContain(pass)
    const runs = await readdir(join(cacheDir(), 'run'))
    const files = runs.map((name) => join(cacheDir(), 'run', name, 'nats.conf')).filter(existsSync)
    expect(files.length).toBeGreaterThan(0)
    for (const file of files) expect((await stat(file)).mode & 0o777).toBe(0o600)
  })

  it.runIf(process.platform === 'linux')('listens on loopback only', async () => {
    expect(await listenersAt(portOf(engine))).toEqual(['0100007F'])
  })

  it('has every acknowledged message after a kill and a restart', async () => {
    const { uri } = engine
    await using own = new AsyncDisposableStack()
    // The kill follows the last acknowledgement at once.
    const client = await clientOf(own, uri)
    await publish(client, 'kept', ACKNOWLEDGED + 1, 2 * ACKNOWLEDGED)
    await engine.kill()
    expect(engine.state()).toBe('killed')
    expect(await isListening(portOf(engine))).toBe(false)
    for (const act of [engine.kill, engine.pause, engine.resume])
      await expect(act()).rejects.toMatchObject({ code: 'ENGINE_STOPPED' })
    await engine.restart()
    expect(engine.uri).toBe(uri)
    expect(engine.state()).toBe('running')
    expect(await numbersOf(await clientOf(own, uri), 'kept')).toEqual(upTo(2 * ACKNOWLEDGED))
  })

  it('neither answers nor closes connections while paused, and continues when resumed', async () => {
    await using own = new AsyncDisposableStack()
    const client = await clientOf(own, engine.uri)
    await client.flush()
    await engine.pause()
    expect(engine.state()).toBe('paused')
    await expect(clientOf(own, engine.uri)).rejects.toThrow('timeout')
    const flushed = client.flush().then(() => 'flushed')
    expect(client.isClosed()).toBe(false)
    expect(await isListening(portOf(engine))).toBe(true)
    await engine.resume()
    expect(engine.state()).toBe('running')
    expect(await flushed).toBe('flushed')
  })

  it('reports its own death, and leaves no process, port or file after a stop', async () => {
    const { pid } = engine
    if (pid !== undefined) {
      process.kill(pid, 'SIGKILL')
      await vi.waitFor(() => expect(engine.state()).toBe('died'), 10_000)
      expect(engine.pid).toBeUndefined()
      await engine.restart()
    }
    const port = portOf(engine)
    const last = engine.pid
    const before = await readdir(join(cacheDir(), 'run'))
    await Promise.all([engine.stop(), engine.stop()])
    expect(engine.state()).toBe('stopped')
    if (last !== undefined) expect(await identify(last)).toBeUndefined()
    expect(await isPortFree(port)).toBe(true)
    const removed = before.filter((name) => !existsSync(join(cacheDir(), 'run', name)))
    expect(removed.filter((name) => name.startsWith('nats-')).length).toBeGreaterThanOrEqual(2)
    await expect(engine.restart()).rejects.toThrow()
  })
})

/** The first error that the server reports to a client. */
async function firstError(client: NatsConnection): Promise<string> {
  for await (const status of client.status())
    if (status.type === 'error') return String(status.error)
  throw new Error('the connection was closed without an error')
}

describe('a user of NATS', () => {
  const use = new AsyncDisposableStack()
  let engine: NatsEngine
  beforeAll(async () => {
    engine = use.use(
      await dedicatedNats({
        users: [
          { user: 'api', password: 'a"\\{$x: ü', publish: ['guild.*', '_INBOX.>'] },
          {
            user: 'guilds',
            password: 'g',
            subscribe: ['guild.>'],
            publish: [],
            allowResponses: true,
          },
          { user: 'deaf', password: 'd', subscribe: [] },
        ],
      }),
    )
  })
  afterAll(() => use.disposeAsync())

  it('has its own address, and the first user is the default', async () => {
    await using own = new AsyncDisposableStack()
    for (const user of ['api', 'guilds', 'deaf']) {
      expect(parseNatsUri(engine.uriOf(user)).user).toBe(user)
      await (await clientOf(own, engine.uriOf(user))).flush()
    }
    expect(engine.uri).toBe(engine.uriOf('api'))
    expect(() => engine.uriOf('search')).toThrow(
      expect.objectContaining({ code: 'NO_SUCH_NATS_USER', next: 'take one of api, guilds, deaf' }),
    )
  })

  it.each([
    ['api', 'search.1'],
    ['guilds', 'guild.1'],
  ])('may publish only to its own subjects: %s not to %s', async (user, subject) => {
    await using own = new AsyncDisposableStack()
    const client = await clientOf(own, engine.uriOf(user))
    const error = firstError(client)
    client.publish(subject, 'x')
    expect(await error).toMatch(`Permissions Violation for Publish to "${subject}"`)
  })

  it.each([
    ['guilds', 'search.>'],
    ['guilds', '>'],
    ['deaf', 'guild.1'],
  ])('may subscribe only to its own subjects: %s not to %s', async (user, subject) => {
    await using own = new AsyncDisposableStack()
    const client = await clientOf(own, engine.uriOf(user))
    const error = firstError(client)
    client.subscribe(subject)
    expect(await error).toMatch(`Permissions Violation for Subscription to "${subject}"`)
  })

  it('may answer a request, if it is allowed responses', async () => {
    await using own = new AsyncDisposableStack()
    const [api, guilds] = [
      await clientOf(own, engine.uriOf('api')),
      await clientOf(own, engine.uriOf('guilds')),
    ]
    guilds.subscribe('guild.>', { callback: (_error, message) => void message.respond('yes') })
    await guilds.flush()
    expect((await api.request('guild.1', 'well?', { timeout: 2_000 })).string()).toBe('yes')
  })

  it('has no access to the system account', async () => {
    await using own = new AsyncDisposableStack()
    const client = await clientOf(own, engine.uriOf('guilds'))
    const error = firstError(client)
    client.publish('$SYS.REQ.SERVER.PING.VARZ', '')
    expect(await error).toMatch('Permissions Violation')
  })
})

describe('the limit of what NATS stores', () => {
  it('refuses a message beyond it', async () => {
    await using use = new AsyncDisposableStack()
    const engine = use.use(await dedicatedNats({ storeMb: 1, memoryMb: 64, syncAlways: true }))
    expect(engine.limits()).toEqual({ memoryBytes: 2 ** 26, storeBytes: 2 ** 20 })
    expect(engine.label.text).toMatch(/^NATS, each write synced 2\./)
    const client = await clientOf(use, engine.uri)
    await addStream(client, 'full')
    const fill = async () => {
      for (;;) await client.request('full.x', new Uint8Array(300_000)).then(requireStored)
    }
    await expect(fill()).rejects.toThrow(/insufficient|exceeded|resource/)
  })
})

/** Throws the error in JetStream's answer to a publish. */
function requireStored(answer: { json<T>(): T }): void {
  const { error } = answer.json<{ error?: { description: string } }>()
  if (error) throw new Error(error.description)
}
