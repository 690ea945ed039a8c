import type { IncomingMessage } from 'node:http'
import { BlockList, isIP, isIPv6 } from 'node:net'

export interface PublicAddress {
  /**
   * Where clients reach the stage, such as `https://chat.example`. Default: each request's host.
   */
  readonly publicUrl?: string | undefined
  /** Addresses and CIDR blocks whose `X-Forwarded-Proto` and `X-Forwarded-Host` are trusted. */
  readonly trustedProxies: readonly string[]
}

/** The address that a client's gateway sockets connect to: `wss` behind TLS. */
export type GatewayUrl = (request: IncomingMessage) => string

export function gatewayUrls({ publicUrl, trustedProxies }: PublicAddress): GatewayUrl {
  if (publicUrl !== undefined) {
    const configured = webSocketUrl(new URL(publicUrl))
    return () => configured
  }
  const proxies = blockList(trustedProxies)
  return (request) => webSocketUrl(requestedUrl(request, proxies))
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
