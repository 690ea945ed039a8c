import type { IncomingMessage } from 'node:http'
import { isIPv4 } from 'node:net'
import { gatewayUrls, type PublicAddress } from './public-address.ts'

export interface SiteNames extends PublicAddress {
  /** The configured host: a name or an address to bind to. */
  readonly host: string
  /**
   * Other names under which clients reach the stage, such as a service name that Prometheus uses.
   */
  readonly hostNames: readonly string[]
}

/**
 * Tells the stage's own pages from foreign ones. A browser runs pages of any site on the machine
 * where a stage listens on loopback, and such a page can send requests there:
 *
 * - from its own origin, which the browser names in `Origin`;
 * - or as the same origin, once its name has been made to resolve to a loopback address (DNS
 *   rebinding). Then the name of the
 *   foreign site is in `Host`.
 *
 * A request without `Origin` comes from no page's script: bots and command lines send none.
 */
export interface OriginPolicy {
  /**
   * `Host` names this stage: a loopback name or address, the address that was connected to, or a
   * configured name.
   */
  allowsHost(request: IncomingMessage): boolean
  /** `Origin` is absent, or the origin that `Host` names, or where clients are told to connect. */
  allowsOrigin(request: IncomingMessage): boolean
  /** Both. */
  allows(request: IncomingMessage): boolean
}

export function createOriginPolicy({ host, hostNames, ...address }: SiteNames): OriginPolicy {
  const { publicUrl } = address
  const gatewayUrl = gatewayUrls(address)
  const configured = new Set(
    [host, ...hostNames, ...(publicUrl ? [new URL(publicUrl).hostname] : [])].map(bareName),
  )

  const site: OriginPolicy = {
    allowsHost(request) {
      const named = parsed(request)
      if (named === undefined) return request.headers.host === undefined
      const name = bareName(named.hostname)
      return isLoopback(name) || configured.has(name) || name === addressOf(request)
    },
    allowsOrigin(request) {
      const { origin } = request.headers
      if (origin === undefined) return true
      const from = URL.parse(origin)
      if (from === null || from.host === '') return false
      if (from.host === parsed(request)?.host) return true
      const told = new URL(gatewayUrl(request))
      return from.host === told.host && (from.protocol === 'https:') === (told.protocol === 'wss:')
    },
    allows: (request) => site.allowsHost(request) && site.allowsOrigin(request),
  }
  return site
}

/**
 * `Host` as a URL has it: in lower case, an address in its usual form. Undefined where there is
 * more in it than a host.
 */
function parsed({ headers: { host } }: IncomingMessage): URL | undefined {
  const url = host === undefined || /[/?#@\\]/.test(host) ? null : URL.parse(`http://${host}`)
  return url ?? undefined
}

/** In lower case, without the brackets of an IPv6 address or the dot that may end a name. */
const bareName = (name: string): string => name.toLowerCase().replace(/^\[|\]$|\.$/g, '')

/** RFC 6761: `localhost` and all below it are loopback, and no DNS server is asked for them. */
const isLoopback = (name: string): boolean =>
  name === 'localhost' ||
  name.endsWith('.localhost') ||
  name === '::1' ||
  (isIPv4(name) && name.startsWith('127.'))

/** An IPv4 address may be told in IPv6's form. */
const addressOf = ({ socket }: IncomingMessage): string | undefined =>
  socket.localAddress?.replace(/^::ffff:/, '')
