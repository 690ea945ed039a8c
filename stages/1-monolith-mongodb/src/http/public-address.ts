import type { IncomingMessage } from 'node:http'
import { BlockList, isIP, isIPv6 } from 'node:net'

export interface PublicAddress {
  /**
   * Where clients reach the stage, such as `https://chat.example`; without it a request itself says
   * so.
   */
  readonly publicUrl?: string | undefined
  /**
   * Proxies whose `X-Forwarded-Proto` and `X-Forwarded-Host` are believed: addresses and CIDR
   * blocks.
   */
  readonly trustedProxies: readonly string[]
}

/** Where sockets go, as one client is told: `wss` behind TLS. */
export type GatewayUrl = (request: IncomingMessage) => string

export function gatewayUrls({ publicUrl, trustedProxies }: PublicAddress): GatewayUrl {
  if (publicUrl !== undefined) {
    const configured = webSocketUrl(new URL(publicUrl))
    return () => configured
  }
  const proxies = blockList(trustedProxies)
  return (request) => webSocketUrl(reachedAt(request, proxies))
}

/** Whether a text names an address or a CIDR block. */
export function isAddressBlock(text: string): boolean {
  const [address = '', prefix] = text.split('/')
  const most = { 0: -1, 4: 32, 6: 128 }[isIP(address)] ?? -1
  return (
    most > 0 &&
    text.split('/').length <= 2 &&
    (prefix === undefined || (/^\d{1,3}$/.test(prefix) && Number(prefix) <= most))
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

/** By the headers, where they name a host; else by the address that was connected to. */
function reachedAt({ headers, socket }: IncomingMessage, proxies: BlockList): URL {
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
    parsed(scheme, forwarded('x-forwarded-host')) ??
    parsed(scheme, headers.host) ??
    new URL(`${scheme}://${listening}`)
  )
}

/**
 * The header is the client's to write, and is repeated in JSON: nothing but a host and a port is
 * taken.
 */
const parsed = (scheme: string, host: string | undefined): URL | null =>
  host !== undefined && /^[\w.\-[\]:]{1,255}$/.test(host) ? URL.parse(`${scheme}://${host}`) : null

const webSocketUrl = ({ protocol, host, pathname }: URL): string =>
  `${protocol === 'https:' ? 'wss' : 'ws'}://${host}${pathname.replace(/\/+$/, '')}`
