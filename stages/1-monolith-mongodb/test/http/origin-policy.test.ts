import type { IncomingMessage } from 'node:http'
import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { listenConfig, listenEnvironment } from '../../src/http/environment.ts'
import { createOriginPolicy } from '../../src/http/origin-policy.ts'

const DEFAULTS = {
  host: '127.0.0.1',
  hostNames: [],
  origins: [],
  gatewayUrls: [],
  trustedProxies: [],
}
const policy = createOriginPolicy({
  ...DEFAULTS,
  host: '0.0.0.0',
  publicUrl: 'https://chat.example/',
})
const request = (headers: { host?: string; origin?: string }, localAddress = '::ffff:172.17.0.2') =>
  ({ headers, socket: { localAddress } }) as unknown as IncomingMessage

describe('the names of a stage', () => {
  it.each([
    'localhost',
    'localhost:8080',
    'LOCALHOST:8080',
    'localhost.:8080',
    'stage.localhost:1',
    '127.0.0.1',
    '127.1.2.3:80',
    '[::1]:8080',
    'chat.example',
    'Chat.Example:443',
    '172.17.0.2:8080',
  ])('include %s', (host) => {
    expect(policy.allowsHost(request({ host }))).toBe(true)
  })

  it.each([
    'evil.example',
    'evil.example:8080',
    'localhost.evil.example',
    '127.0.0.1.evil.example',
    'evillocalhost',
    '128.0.0.1',
    '10.0.0.1',
    '',
    'localhost@evil.example',
    'localhost/evil',
    'localhost#',
    'chat.example.evil.example',
    '[::2]',
    'x:y',
    '172.17.0.3',
  ])('do not include %j', (host) => {
    expect(policy.allowsHost(request({ host }))).toBe(false)
  })

  it('are not required: a request without Host is allowed', () => {
    expect(policy.allowsHost(request({}))).toBe(true)
  })

  it('include those of THRESHOLD_HOSTS and the public URL', () => {
    const environment = z.object(listenEnvironment)
    const env = {
      THRESHOLD_HOST: '0.0.0.0',
      THRESHOLD_PUBLIC_URL: 'https://chat.example',
      THRESHOLD_HOSTS: 'stage1, Stage.Internal,[fd00::1]',
    }
    const named = createOriginPolicy(listenConfig(environment.parse(env)).http)
    for (const host of [
      'stage1:9090',
      'stage.internal',
      'stage1.',
      '[fd00::1]:9090',
      'chat.example',
    ])
      expect(named.allowsHost(request({ host })), host).toBe(true)
    expect(named.allowsOrigin(request({ host: 'stage1:9090', origin: 'http://stage1:9090' }))).toBe(
      true,
    )
    for (const host of ['stage2:9090', 'evil.stage1', ''])
      expect(named.allowsHost(request({ host })), host).toBe(false)
    for (const THRESHOLD_HOSTS of ['stage1:9090', 'http://stage1', 'a b', '*', '*.example'])
      expect(environment.safeParse({ THRESHOLD_HOSTS }).success, THRESHOLD_HOSTS).toBe(false)
  })

  it('include the name that the stage binds to', () => {
    const bound = createOriginPolicy({ ...DEFAULTS, host: 'stage-1' })
    expect([
      bound.allowsHost(request({ host: 'stage-1:80' })),
      bound.allowsHost(request({ host: 'chat.example' })),
    ]).toEqual([true, false])
  })
})

describe('the origin of a stage', () => {
  it('is the origin of its page, under each of its names', () => {
    for (const host of ['localhost:8080', '127.0.0.1:8080', '[::1]:8080', 'chat.example'])
      expect(policy.allowsOrigin(request({ host, origin: `http://${host}` })), host).toBe(true)
    expect(
      policy.allowsOrigin(request({ host: '127.0.0.1:8080', origin: 'https://chat.example' })),
      'behind a proxy',
    ).toBe(true)
    expect(policy.allowsOrigin(request({ host: 'localhost:8080' })), 'without a page').toBe(true)
  })

  it('is the one that a trusted proxy reports, and no other client', () => {
    const proxied = createOriginPolicy({ ...DEFAULTS, trustedProxies: ['10.0.0.1'] })
    const from = (remoteAddress: string): boolean => {
      const headers = {
        host: '127.0.0.1:8080',
        origin: 'https://chat.example',
        'x-forwarded-host': 'chat.example',
      }
      const socket = { localAddress: '127.0.0.1', localPort: 8_080, remoteAddress }
      return proxied.allowsOrigin({
        headers: { ...headers, 'x-forwarded-proto': 'https' },
        socket,
      } as unknown as IncomingMessage)
    }
    expect([from('10.0.0.1'), from('10.0.0.2')]).toEqual([true, false])
  })

  it.each([
    'http://evil.example',
    'http://localhost:3000',
    'http://localhost',
    'http://127.0.0.1:8080',
    'null',
    '',
    'http://chat.example',
    'file://',
  ])('is not %j', (origin) => {
    expect(policy.allowsOrigin(request({ host: 'localhost:8080', origin }))).toBe(false)
  })
})

describe('a gateway at an address of its own', () => {
  const host = '127.0.0.1:3001'
  const page = 'http://127.0.0.1:3000'
  const gateway = createOriginPolicy({ ...DEFAULTS, origins: [page] })

  it('accepts bots, its own page and the pages of THRESHOLD_ORIGINS', () => {
    for (const headers of [
      { host },
      { host: 'gateway.discord.gg' },
      { host, origin: `http://${host}` },
      { host, origin: page },
      { host: 'localhost:3001', origin: page },
    ])
      expect(gateway.allowsSocket(request(headers)), JSON.stringify(headers)).toBe(true)
  })

  it.each([
    { host, origin: 'http://evil.example' },
    { host, origin: 'http://127.0.0.1:3002' },
    { host, origin: 'https://127.0.0.1:3000' },
    { host, origin: 'http://127.0.0.1:3000.evil.example' },
    { host, origin: 'http://localhost:3000' },
    { host, origin: 'null' },
    { host, origin: '' },
    { host: 'evil.example:3001', origin: 'http://evil.example:3001' },
    { host: 'evil.example:3001', origin: page },
  ])('refuses the foreign page %j', (headers) =>
    expect(gateway.allowsSocket(request(headers))).toBe(false),
  )

  it('accepts no page of another port by default', () => {
    const closed = createOriginPolicy(DEFAULTS)
    expect(closed.allowsSocket(request({ host, origin: page }))).toBe(false)
    expect(closed.allowsSocket(request({ host, origin: `http://${host}` }))).toBe(true)
  })

  it('accepts the page at the public URL, under the name of the gateway', () => {
    const site = createOriginPolicy({
      ...DEFAULTS,
      publicUrl: 'https://chat.example',
      gatewayUrls: ['wss://gateway.example'],
    })
    const from = (origin: string): boolean =>
      site.allowsSocket(request({ host: 'gateway.example', origin }))
    expect(['https://chat.example', 'https://evil.example'].map(from)).toEqual([true, false])
  })

  it('serves none of its other addresses to those pages', () => {
    expect(gateway.allowsOrigin(request({ host, origin: page }))).toBe(false)
  })

  it('takes origins without a path, with commas between them', () => {
    const { THRESHOLD_ORIGINS: origins } = listenEnvironment
    expect(origins.parse('http://127.0.0.1:3000, https://Chat.Example:443')).toEqual([
      page,
      'https://chat.example',
    ])
    for (const bad of ['*', 'https://*.example', 'chat.example', 'ws://a', 'https://a/b', 'null'])
      expect(origins.safeParse(bad).success, bad).toBe(false)
  })
})
