import type { IncomingMessage } from 'node:http'
import { BlockList, isIP, isIPv6 } from 'node:net'

export interface PublicAddress {
  /**
   * Where clients reach the stage, such as `https://chat.example`. Default: each request's host.
   */
  readonly publicUrl?: string | undefined
  /**
   * Where clients reach the gateways, such as `wss://gateway.example`. Empty: the gateway is at the
   * stage's own address.
   */
  readonly gatewayUrls: readonly string[]
  /** Addresses and CIDR blocks whose `X-Forwarded-Proto` and `X-Forwarded-Host` are trusted. */
  readonly trustedProxies: readonly string[]
}

/** The address that a client's gateway sockets connect to: `wss` behind TLS. */
export type GatewayUrl = (request: IncomingMessage) => string

export interface GatewayUrls {
  /** For a client that asks over REST: the configured gateways in turn. */
  readonly next: GatewayUrl
  /** For READY: the gateway that the client is connected to. */
  readonly own: GatewayUrl
}

export function gatewayUrls(address: PublicAddress): GatewayUrls {
  const configured = address.gatewayUrls
  if (configured.length === 0) {
    const siteUrl = siteUrls(address)
    const url: GatewayUrl = (request) => webSocketUrl(pageUrl(request) ?? siteUrl(request))
    return { next: url, own: url }
  }
  const proxies = blockList(address.trustedProxies)
  let turn = 0
  return {
    next: () => configured[turn++ % configured.length]!,
    // All processes of a stage may have the same list. A gateway finds itself in it by the host
    // that the client used. Behind a proxy that changes the host it has a list of its own.
    own(request) {
      const { host } = requestedUrl(request, proxies)
      return configured.find((url) => new URL(url).host === host) ?? configured[0]!
    },
  }
}

/** The address at which a client reached the stage, without a path. */
export function siteUrls({
  publicUrl,
  trustedProxies,
}: Omit<PublicAddress, 'gatewayUrls'>): (request: IncomingMessage) => URL {
  if (publicUrl !== undefined) {
    const configured = new URL(publicUrl)
    return () => configured
  }
  const proxies = blockList(trustedProxies)
  return (request) => requestedUrl(request, proxies)
}

/**
 * The origin of the stage's own page, which it sends as `Referer` when it asks for the gateway. The
 * page may be open under another name than the public one, and then may connect only to that name.
 */
function pageUrl({ headers }: IncomingMessage): URL | null {
  const referer = URL.parse(headers.referer ?? '')
  const isOwn = referer !== null && referer.host === parseHost('http', headers.host)?.host
  return isOwn ? new URL(referer.origin) : null
}

/** Whether a text is an address or a CIDR block. */
export function isAddressBlock(text: string): boolean {
  const [address = '', prefix] = text.split('/')
  const maxPrefix = { 0: -1, 4: 32, 6: 128 }[isIP(address)] ?? -1
  return (
    maxPrefix > 0 &&
    text.split('/').length <= 2 &&
    (prefix === undefined || (/^\d{1,3}$/.test(prefix) && Number(prefix) <= maxPrefix))
  )
}

function blockList(blocks: readonly string[]): BlockList {
  const list = new BlockList()
  for (const block of blocks) {
    const [address = '', prefix] = block.split('/')
    const family = isIPv6(address) ? 'ipv6' : 'ipv4'
    if (prefix === undefined) list.addAddress(address, family)
    else list.addSubnet(address, Number(prefix), family)
  }
  return list
}

/**
 * The URL in the headers if they name a host, otherwise the address that the client connected to.
 */
function requestedUrl({ headers, socket }: IncomingMessage, proxies: BlockList): URL {
  const peer = socket.remoteAddress ?? ''
  const trusted = isIP(peer) !== 0 && proxies.check(peer, isIPv6(peer) ? 'ipv6' : 'ipv4')
  const forwarded = (name: string): string | undefined =>
    trusted
      ? String(headers[name] ?? '')
          .split(',')[0]
          ?.trim() || undefined
      : undefined
  const scheme = forwarded('x-forwarded-proto')?.toLowerCase() === 'https' ? 'https' : 'http'
  const { localAddress = '127.0.0.1', localPort } = socket
  const listening = `${isIPv6(localAddress) ? `[${localAddress}]` : localAddress}:${localPort}`
  return (
    parseHost(scheme, forwarded('x-forwarded-host')) ??
    parseHost(scheme, headers.host) ??
    new URL(`${scheme}://${listening}`)
  )
}

/** Accepts only a host and a port: the client chooses the header, and JSON bodies repeat it. */
const parseHost = (scheme: string, host: string | undefined): URL | null =>
  host !== undefined && /^[\w.\-[\]:]{1,255}$/.test(host) ? URL.parse(`${scheme}://${host}`) : null

const webSocketUrl = ({ protocol, host, pathname }: URL): string =>
  `${protocol === 'https:' ? 'wss' : 'ws'}://${host}${pathname.replace(/\/+$/, '')}`
