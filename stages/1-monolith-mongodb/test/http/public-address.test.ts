import type { IncomingMessage } from 'node:http'
import { describe, expect, it } from 'vitest'
import { listenEnvironment } from '../../src/http/environment.ts'
import { gatewayUrls, isAddressBlock, type PublicAddress } from '../../src/http/public-address.ts'

const url = (
  headers: Record<string, string>,
  config: Partial<PublicAddress> = {},
  peer = '127.0.0.1',
): string => {
  const socket = { remoteAddress: peer, localAddress: '127.0.0.1', localPort: 3_000 }
  return gatewayUrls({ trustedProxies: [], ...config })({
    headers,
    socket,
  } as unknown as IncomingMessage)
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
})
