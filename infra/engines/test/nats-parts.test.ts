import { readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { createOptions } from '../src/docker/container.ts'
import { natsUri, parseNatsUri } from '../src/nats/address.ts'
import type { StartNatsOptions } from '../src/nats/engine.ts'
import { natsSettings, productOf, uriOf, writeSettings } from '../src/nats/settings.ts'
import { startNats } from '../src/nats/start.ts'
import { dedicatedNats } from '../src/testing/index.ts'
import { setEnvironment, tempFolder } from './helpers.ts'

describe('the address of NATS', () => {
  it.each([
    ['nats://a:4222', { servers: ['a:4222'] }],
    ['nats://a', { servers: ['a'] }],
    ['nats://a:1,b:2,c:3/', { servers: ['a:1', 'b:2', 'c:3'] }],
    ['nats://secret@a:1', { servers: ['a:1'], token: 'secret' }],
    ['nats://ada:p%40%3A@a:1,b:2', { servers: ['a:1', 'b:2'], user: 'ada', pass: 'p@:' }],
  ])('%s', (uri, expected) => {
    expect(parseNatsUri(uri)).toEqual(expected)
  })

  it.each([
    'mongodb://a:1',
    'nats://',
    'nats://u:secret@',
    'nats://a:secret',
    'nats://u:secret@a,',
  ])('is refused if it is %s, without quoting it', (uri) => {
    expect(() => parseNatsUri(uri)).toThrow(
      expect.objectContaining({
        code: 'BAD_NATS_URI',
        message: expect.not.stringContaining('secret'),
      }),
    )
  })

  it('carries any user and password', () => {
    const [user, password] = ['a:b@c/d', 'ü%, "']
    const uri = natsUri(['a:1', 'b:2'], { user, password })
    expect(parseNatsUri(uri)).toEqual({ servers: ['a:1', 'b:2'], user, pass: password })
  })
})

describe('the configuration of a server', () => {
  async function written(
    options: StartNatsOptions,
    cluster?: { listen: string; routes: string[] },
  ) {
    await using use = new AsyncDisposableStack()
    const file = join(await tempFolder(use), 'nats.conf')
    const settings = natsSettings(options)
    const place = { name: 'n1', listen: '127.0.0.1:1', storeDir: '/data', cluster }
    await writeSettings(file, settings, place)
    const { mode } = await stat(file)
    return { settings, mode: mode & 0o777, text: await readFile(file, 'utf8') }
  }

  it('has a secret of its own for each purpose, and is readable by its owner only', async () => {
    const first = await written({})
    expect(first.mode).toBe(0o600)
    const { users, probe, route } = first.settings
    expect(new Set([...users, probe, route].map(({ password }) => password)).size).toBe(3)
    expect((await written({})).settings.users[0].password).not.toBe(users[0].password)
  })

  it('lets only servers with the secret join the cluster', async () => {
    const cluster = { listen: '127.0.0.1:2', routes: ['127.0.0.1:2', '127.0.0.1:4'] }
    const { text, settings } = await written({}, cluster)
    const { password } = settings.route
    expect(JSON.parse(text).cluster).toMatchObject({
      listen: '127.0.0.1:2',
      authorization: { user: 'threshold-route', password },
      routes: [
        `nats://threshold-route:${password}@127.0.0.1:2`,
        `nats://threshold-route:${password}@127.0.0.1:4`,
      ],
    })
    expect(JSON.parse((await written({})).text)).not.toHaveProperty('cluster')
  })

  it('denies everything for an empty list of subjects, which NATS takes for no list', async () => {
    const { text } = await written({
      users: [
        { user: 'mute', password: 'x', publish: [], subscribe: ['a.>'] },
        { user: 'free', password: 'y' },
      ],
    })
    const [mute, free] = JSON.parse(text).accounts.THRESHOLD.users
    expect(mute.permissions).toEqual({ publish: { deny: ['>'] }, subscribe: { allow: ['a.>'] } })
    expect(free.permissions).toEqual({})
  })

  it('syncs each write only if asked to, and the label says so', async () => {
    const synced = await written({ syncAlways: true, storeMb: 2 })
    expect(JSON.parse(synced.text).jetstream).toMatchObject({
      sync_interval: 'always',
      max_file_store: 2 * 1024 * 1024,
    })
    expect(JSON.parse((await written({})).text).jetstream).not.toHaveProperty('sync_interval')
    expect(productOf(synced.settings, 3)).toBe('NATS, 3 servers, each write synced')
  })

  it('is mounted into a container, whose arguments hold no secret', async () => {
    const configFile = { source: '/run/nats.conf', target: '/etc/nats/nats-server.conf' }
    const spec = { image: 'nats', containerPort: 4222, port: 20_001, configFile }
    expect(createOptions(spec, 'nats-1').HostConfig?.Binds).toEqual([
      '/run/nats.conf:/etc/nats/nats-server.conf:ro',
    ])
  })

  it('has an address for each user, and none for others', () => {
    const settings = natsSettings({ users: [{ user: 'api', password: 'a' }] })
    expect(uriOf(settings, ['a:1'])).toBe('nats://api:a@a:1')
    expect(() => uriOf(settings, ['a:1'], 'search')).toThrow(
      expect.objectContaining({ code: 'NO_SUCH_NATS_USER', next: 'take one of api' }),
    )
  })
})

/** The lines of progress, and the error, of a start with only the user's own server. */
async function startExternal(uri: string | undefined) {
  await using use = new AsyncDisposableStack()
  setEnvironment(use, { THRESHOLD_NATS_URI: uri })
  const lines: string[] = []
  const onProgress = ({ text }: { text: string }): void => void lines.push(text)
  const started = await startNats({ provider: 'external', onProgress }).catch(
    (error: Error) => error,
  )
  return { lines, started }
}

describe("the user's own NATS", () => {
  it('refuses to be controlled, and knows no users of a lab', async () => {
    await using use = new AsyncDisposableStack()
    const { uri } = use.use(await dedicatedNats())
    setEnvironment(use, { THRESHOLD_NATS_URI: uri })
    const engine = use.use(await startNats({ users: [{ user: 'api', password: 'x' }] }))
    expect(engine.label.text).toMatch(/^NATS 2\.\d+\.\d+ \(external\)$/)
    expect([engine.uri, engine.uriOf('api')]).toEqual([uri, uri])
    for (const act of [engine.kill, engine.pause, engine.resume, engine.restart])
      await expect(act()).rejects.toMatchObject({ code: 'ENGINE_NOT_OURS' })
    await engine.stop()
    expect((await startNats({ provider: 'external' })).state()).toBe('running')
  })

  it.each([
    ['is not set', undefined, 'THRESHOLD_NATS_URI is not set'],
    [
      'does not answer',
      'nats://ada:secret@127.0.0.1:1',
      'the server of THRESHOLD_NATS_URI does not answer: 127.0.0.1:1: connection refused',
    ],
    [
      'is not an address',
      'nats://ada:secret@',
      'the server of THRESHOLD_NATS_URI does not answer: the NATS address is not valid',
    ],
  ])('that %s is reported without its password', async (_what, uri, why) => {
    const { lines, started } = await startExternal(uri)
    expect(lines).toEqual([`external: ${why}`])
    expect(started).toMatchObject({ code: 'NO_NATS' })
    expect(lines.join() + String(started)).not.toContain('secret')
  })

  it('that refuses the password, or JetStream to this user, is not used', async () => {
    await using use = new AsyncDisposableStack()
    const engine = use.use(
      await dedicatedNats({
        users: [{ user: 'api', password: 'secret', publish: ['api.>'] }],
      }),
    )
    expect((await startExternal(engine.uri.replace('secret', 'other'))).lines).toEqual([
      expect.stringMatching(/does not answer: 127\.0\.0\.1:\d+: Authorization Violation$/),
    ])
    const { lines, started } = await startExternal(engine.uri)
    expect(lines).toEqual([
      'external: the server of THRESHOLD_NATS_URI offers this user no JetStream',
    ])
    expect(started).toMatchObject({ code: 'NO_NATS', message: expect.stringContaining('$JS.API') })
  })
})
