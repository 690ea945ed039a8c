import type { IncomingMessage } from 'node:http'
import { describe, expect, it } from 'vitest'
import { readConfig } from '../../src/config.ts'
import { listenEnvironment } from '../../src/http/environment.ts'
import {
  type GatewayUrls,
  gatewayUrls,
  isAddressBlock,
  type PublicAddress,
} from '../../src/http/public-address.ts'

const requestWith = (headers: Record<string, string>, peer = '127.0.0.1'): IncomingMessage => {
  const socket = { remoteAddress: peer, localAddress: '127.0.0.1', localPort: 3_000 }
  return { headers, socket } as unknown as IncomingMessage
}
const urls = (config: Partial<PublicAddress> = {}): GatewayUrls =>
  gatewayUrls({ gatewayUrls: [], trustedProxies: [], ...config })
/** The address in the answer of `GET /gateway`, which is also the one in READY. */
function url(
  headers: Record<string, string>,
  config: Partial<PublicAddress> = {},
  peer?: string,
): string {
  const { next, own } = urls(config)
  const request = requestWith(headers, peer)
  expect(own(request)).toBe(next(request))
  return next(request)
}
const forwarded = {
  host: 'inner:80',
  'x-forwarded-proto': 'https',
  'x-forwarded-host': 'chat.example',
}

describe('the gateway URL', () => {
  it('is the host that the client used', () => {
    expect(url({ host: 'localhost:3000' })).toBe('ws://localhost:3000')
    expect(url({ host: '[::1]:3000' })).toBe('ws://[::1]:3000')
  })

  it.each([
    'evil.example:1"',
    'evil.example:99999',
    'a b',
    'a/b',
    'a@b',
    'a?b',
    '<a>',
    '',
    '[::1',
    'a:b:c',
  ])('is the address that the stage listens on if Host is %j', (host) =>
    expect(url({ host })).toBe('ws://127.0.0.1:3000'),
  )

  it('is the configured one, whatever the headers say', () => {
    const publicUrl = 'https://chat.example'
    expect(url({ ...forwarded, host: 'other' }, { publicUrl, trustedProxies: ['127.0.0.1'] })).toBe(
      'wss://chat.example',
    )
    expect(url({}, { publicUrl: 'http://chat.example:8080/' })).toBe('ws://chat.example:8080')
    expect(url({}, { publicUrl: 'https://chat.example/below/' })).toBe('wss://chat.example/below')
  })

  it('is the one that a trusted proxy reports, and no other peer', () => {
    expect(url(forwarded)).toBe('ws://inner')
    expect(url(forwarded, { trustedProxies: ['127.0.0.1'] })).toBe('wss://chat.example')
    expect(url(forwarded, { trustedProxies: ['10.0.0.0/8'] })).toBe('ws://inner')
    expect(url(forwarded, { trustedProxies: ['10.0.0.0/8'] }, '10.1.2.3')).toBe(
      'wss://chat.example',
    )
    expect(url(forwarded, { trustedProxies: ['127.0.0.1'] }, '::ffff:127.0.0.1')).toBe(
      'wss://chat.example',
    )
    expect(url(forwarded, { trustedProxies: ['::1'] }, '::1')).toBe('wss://chat.example')
  })

  it('uses each header of a proxy on its own, and accepts only a host', () => {
    const trustedProxies = ['127.0.0.1']
    expect(url({ host: 'chat.example', 'x-forwarded-proto': 'HTTPS' }, { trustedProxies })).toBe(
      'wss://chat.example',
    )
    expect(url({ ...forwarded, 'x-forwarded-proto': 'https, http' }, { trustedProxies })).toBe(
      'wss://chat.example',
    )
    expect(url({ ...forwarded, 'x-forwarded-proto': 'gopher' }, { trustedProxies })).toBe(
      'ws://chat.example',
    )
    expect(url({ ...forwarded, 'x-forwarded-host': 'evil"' }, { trustedProxies })).toBe(
      'wss://inner:80',
    )
  })
})

describe('the gateway URL of a page', () => {
  const publicUrl = 'https://chat.example'

  it('is under the name and the scheme with which the page is open', () => {
    const config = { publicUrl, trustedProxies: ['127.0.0.1'] }
    const at = (origin: string, host = new URL(origin).host): string =>
      url({ host, referer: `${origin}/` }, config)
    expect(at('http://127.0.0.1:3000')).toBe('ws://127.0.0.1:3000')
    expect(at('https://other.example')).toBe('wss://other.example')
    expect(at('https://chat.example', 'inner:80'), 'behind a proxy').toBe('wss://chat.example')
    expect(url({ host: 'a', referer: 'http://a/channels/1?x' }, config)).toBe('ws://a')
  })

  it.each([
    'http://evil.example/',
    'https://discord.com/app',
    'x',
    '',
    'about:blank',
    'http://a@b/',
  ])('is the public one if Referer is %j', (referer) =>
    expect(url({ host: 'a', referer }, { publicUrl })).toBe('wss://chat.example'),
  )
})

describe('configured gateways', () => {
  const one = ['wss://gateway.example/below']
  const three = ['ws://127.0.0.1:3001', 'ws://127.0.0.1:3002', 'wss://gateway.example']

  it('precede the public URL, the page and all headers', () => {
    const config = { gatewayUrls: one, publicUrl: 'https://chat.example', trustedProxies: ['::1'] }
    const requests: Record<string, string>[] = [
      {},
      { host: 'a' },
      forwarded,
      { host: 'a', referer: 'http://a/' },
    ]
    for (const headers of requests) expect(url(headers, config)).toBe(one[0])
  })

  it('are handed out in turn', () => {
    const { next } = urls({ gatewayUrls: three })
    const answers = Array.from({ length: 7 }, () => next(requestWith({ host: '127.0.0.1:3001' })))
    expect(answers).toEqual([...three, ...three, three[0]])
  })

  it('find themselves by the host that the client used', () => {
    const { own } = urls({ gatewayUrls: three, trustedProxies: ['127.0.0.1'] })
    expect(own(requestWith({ host: '127.0.0.1:3002' }))).toBe(three[1])
    expect(own(requestWith({ host: 'Gateway.Example' }))).toBe(three[2])
    expect(own(requestWith({ host: 'a', 'x-forwarded-host': 'gateway.example' }))).toBe(three[2])
    expect(own(requestWith({ host: 'evil.example' })), 'another name').toBe(three[0])
    expect(own(requestWith({})), 'the address that it listens on').toBe(three[0])
  })
})

describe('the environment', () => {
  it('names proxies by address or CIDR block', () => {
    for (const block of ['127.0.0.1', '10.0.0.0/8', '::1', 'fd00::/8'])
      expect(isAddressBlock(block), block).toBe(true)
    for (const block of [
      'localhost',
      '10.0.0.0/33',
      '::1/129',
      '1.2.3',
      '1.2.3.4/',
      '1.2.3.4/8/8',
      '',
    ])
      expect(isAddressBlock(block), block).toBe(false)
    const { THRESHOLD_TRUSTED_PROXIES: proxies } = listenEnvironment
    expect(proxies.parse(' 127.0.0.1, 10.0.0.0/8 ')).toEqual(['127.0.0.1', '10.0.0.0/8'])
    expect(proxies.safeParse('all').success).toBe(false)
  })

  it('accepts a public URL without user, query and fragment', () => {
    const { THRESHOLD_PUBLIC_URL: publicUrl } = listenEnvironment
    for (const good of ['https://chat.example', 'http://10.0.0.1:8080/'])
      expect(publicUrl.safeParse(good).success, good).toBe(true)
    for (const bad of [
      'chat.example',
      'wss://chat.example',
      'https://a@b',
      'https://a?b',
      'https://a#b',
    ])
      expect(publicUrl.safeParse(bad).success, bad).toBe(false)
  })

  it('accepts ws and wss addresses of gateways, with commas between them', () => {
    const { THRESHOLD_GATEWAY_URL: gatewayUrl } = listenEnvironment
    expect(gatewayUrl.parse(undefined)).toEqual([])
    expect(gatewayUrl.parse(' ws://127.0.0.1:3001/, WSS://Gateway.Example:443/below/ ')).toEqual([
      'ws://127.0.0.1:3001',
      'wss://gateway.example/below',
    ])
    expect(gatewayUrl.parse('ws://[::1]:3001')).toEqual(['ws://[::1]:3001'])
    for (const bad of [
      'http://gateway.example',
      'gateway.example',
      'wss://',
      'wss://*',
      'wss://*.example',
      'wss://a@b',
      'wss://a?b',
      'wss://a#b',
      'wss://a b',
      "wss://a;script-src 'unsafe-inline'",
      "wss://a/;x'",
      'ws://a:99999',
      'wss://good.example,bad',
    ])
      expect(gatewayUrl.safeParse(bad).success, bad).toBe(false)
  })

  it('ends the process with a code and the name of a bad variable', () => {
    const env = {
      THRESHOLD_MONGODB_URI: 'mongodb://127.0.0.1/x',
      THRESHOLD_TOKEN_SECRET: 'x'.repeat(16),
      THRESHOLD_GATEWAY_URL: 'https://gateway.example',
      THRESHOLD_ORIGINS: '*',
    }
    expect(() => readConfig(env)).toThrow(
      expect.objectContaining({
        code: 'BAD_CONFIG',
        message: expect.stringMatching(
          /THRESHOLD_GATEWAY_URL: must be ws.+THRESHOLD_ORIGINS: must/,
        ),
      }),
    )
    const { http } = readConfig({
      ...env,
      THRESHOLD_GATEWAY_URL: 'wss://gateway.example',
      THRESHOLD_ORIGINS: 'https://chat.example',
    })
    expect(http.gatewayUrls).toEqual(['wss://gateway.example'])
    expect(http.origins).toEqual(['https://chat.example'])
  })
})
