import { z } from 'zod'
import { isAddressBlock } from './public-address.ts'

const commaList = z
  .string()
  .default('')
  .transform((text) => text.split(',').flatMap((each) => each.trim() || []))

/** The variables that say where a stage listens, and where clients reach it. */
export const listenEnvironment = {
  THRESHOLD_HOST: z.string().default('127.0.0.1'),
  THRESHOLD_PORT: z.coerce.number().int().min(0).max(65_535).default(0),
  THRESHOLD_PUBLIC_URL: z
    .url({ protocol: /^https?$/ })
    .refine((url) => !/[?#@]/.test(url), 'must be a plain address such as https://chat.example')
    .optional(),
  THRESHOLD_GATEWAY_URL: commaList
    .refine(
      (urls) => urls.every(isGatewayUrl),
      'must be ws:// or wss:// addresses such as wss://gateway.example, with commas between them',
    )
    .transform((urls) => urls.map(withoutFinalSlash)),
  THRESHOLD_HOSTS: commaList
    .transform((names) => names.map((name) => name.toLowerCase()))
    .refine(
      (names) => names.every(isHostName),
      'must be host names without ports, with commas between them',
    ),
  THRESHOLD_ORIGINS: commaList
    .refine(
      (origins) => origins.every(isOrigin),
      'must be origins such as https://chat.example, with commas between them',
    )
    .transform((origins) => origins.map((origin) => new URL(origin).origin)),
  THRESHOLD_MAX_CONNECTIONS: z.coerce.number().int().min(1).max(1_000_000).default(19_000),
  THRESHOLD_TRUSTED_PROXIES: commaList.refine(
    (blocks) => blocks.every(isAddressBlock),
    'must be addresses or CIDR blocks, with commas between them',
  ),
}

/** False for a name with a port, a path or a `*`, which no `Host` header would match. */
function isHostName(name: string): boolean {
  return !name.includes('*') && URL.parse(`http://${name}`)?.hostname === name
}

/**
 * True for `ws` or `wss`, a host, and perhaps a port and a path. The page's content security policy
 * repeats the address, so that it may contain nothing that separates or widens directives.
 */
function isGatewayUrl(url: string): boolean {
  return /^wss?:\/\/(\[[\da-f:.]+\]|[\w.-]+)(:\d+)?(\/[\w.~/-]*)?$/i.test(url) && URL.canParse(url)
}

function withoutFinalSlash(url: string): string {
  return new URL(url).href.replace(/\/+$/, '')
}

function isOrigin(text: string): boolean {
  return /^https?:\/\/[^/?#@*]+$/i.test(text) && URL.canParse(text)
}

/** Connections that stay free for REST when the gateway is full. */
const SPARE_CONNECTIONS = 1_000

/** The variables as parts of a configuration. Voice has a port of its own on the public host. */
export function listenConfig(env: z.output<z.ZodObject<typeof listenEnvironment>>) {
  const {
    THRESHOLD_HOST: host,
    THRESHOLD_PUBLIC_URL: publicUrl,
    THRESHOLD_MAX_CONNECTIONS: maxConnections,
  } = env
  const advertise =
    publicUrl === undefined
      ? {}
      : { advertise: new URL(publicUrl).hostname.replace(/^\[|\]$/g, '') }
  return {
    http: {
      host,
      port: env.THRESHOLD_PORT,
      hostNames: env.THRESHOLD_HOSTS,
      origins: env.THRESHOLD_ORIGINS,
      publicUrl,
      gatewayUrls: env.THRESHOLD_GATEWAY_URL,
      trustedProxies: env.THRESHOLD_TRUSTED_PROXIES,
      maxConnections: maxConnections + SPARE_CONNECTIONS,
    },
    voice: { host, ...advertise, maxConnections },
    voiceRelay: { host, port: 0 },
  }
}
