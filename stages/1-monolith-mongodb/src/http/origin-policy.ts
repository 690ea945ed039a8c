import type { IncomingMessage } from 'node:http'
import { isIPv4 } from 'node:net'
import { type PublicAddress, siteUrls } from './public-address.ts'

export interface SiteNames extends PublicAddress {
  /** The name or address that the stage binds to. */
  readonly host: string
  /** Further names of the stage, such as a service name that Prometheus uses. */
  readonly hostNames: readonly string[]
  /** Origins of the stage's pages that another process serves, such as `https://chat.example`. */
  readonly origins: readonly string[]
}

/**
 * Separates the stage's own page from foreign pages. A stage listens on loopback, and a browser on
 * the same machine runs pages of any site. Such a page can send requests to the stage in two ways:
 *
 * - From its own origin, which the browser names in `Origin`.
 * - From the stage's origin, by DNS rebinding: its own name resolves to a loopback address, and so
 *   the browser names the foreign site in `Host`.
 *
 * A request without `Origin` is not from a script of a page. Bots and command-line tools send none.
 */
export interface OriginPolicy {
  /**
   * Whether `Host` names this stage: a loopback name or address, the address that the client
   * connected to, or a configured name.
   */
  allowsHost(request: IncomingMessage): boolean
  /** Whether `Origin` is absent, is the origin in `Host`, or is where clients are sent to. */
  allowsOrigin(request: IncomingMessage): boolean
  /**
   * Whether the request may open a gateway socket. Bots may, under any name. A page must be the
   * stage's own, from this process or from another one.
   */
  allowsSocket(request: IncomingMessage): boolean
}

export function createOriginPolicy(site: SiteNames): OriginPolicy {
  const siteUrl = siteUrls(site)
  const urls = [...(site.publicUrl === undefined ? [] : [site.publicUrl]), ...site.gatewayUrls]
  const names = [site.host, ...site.hostNames, ...urls.map((url) => new URL(url).hostname)]
  const configured = new Set(names.map(bareName))

  const policy: OriginPolicy = {
    allowsHost(request) {
      const url = parseHost(request)
      if (url === undefined) return request.headers.host === undefined
      const name = bareName(url.hostname)
      return isLoopback(name) || configured.has(name) || name === addressOf(request)
    },
    allowsOrigin(request) {
      const { origin } = request.headers
      if (origin === undefined) return true
      const from = URL.parse(origin)
      if (from === null || from.host === '') return false
      if (from.host === parseHost(request)?.host) return true
      const { host, protocol } = siteUrl(request)
      return from.host === host && from.protocol === protocol
    },
    allowsSocket(request) {
      const { origin } = request.headers
      if (origin === undefined) return true
      const isOwn = site.origins.includes(origin) || policy.allowsOrigin(request)
      return isOwn && policy.allowsHost(request)
    },
  }
  return policy
}

/**
 * `Host` as a normalized URL. Undefined if it is absent, or has more in it than a host and port.
 */
function parseHost({ headers: { host } }: IncomingMessage): URL | undefined {
  const url = host === undefined || /[/?#@\\]/.test(host) ? null : URL.parse(`http://${host}`)
  return url ?? undefined
}

/** The name in lower case, without the brackets of an IPv6 address or a final dot. */
const bareName = (name: string): string => name.toLowerCase().replace(/^\[|\]$|\.$/g, '')

/** RFC 6761: `localhost` and names under it are loopback, and resolvers ask no DNS server. */
const isLoopback = (name: string): boolean =>
  name === 'localhost' ||
  name.endsWith('.localhost') ||
  name === '::1' ||
  (isIPv4(name) && name.startsWith('127.'))

/** A dual-stack socket reports an IPv4 address in IPv6's form. */
const addressOf = ({ socket }: IncomingMessage): string | undefined =>
  socket.localAddress?.replace(/^::ffff:/, '')
