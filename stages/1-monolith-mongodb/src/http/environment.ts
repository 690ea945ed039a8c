import { z } from 'zod'
import { isAddressBlock } from './public-address.ts'

/** The variables that say where a stage listens, and where clients reach it. */
export const listenEnvironment = {
  THRESHOLD_HOST: z.string().default('127.0.0.1'),
  THRESHOLD_PORT: z.coerce.number().int().min(0).max(65_535).default(0),
  THRESHOLD_PUBLIC_URL: z
    .url({ protocol: /^https?$/ })
    .refine((url) => !/[?#@]/.test(url), 'must be a plain address such as https://chat.example')
    .optional(),
  THRESHOLD_HOSTS: z
    .string()
    .default('')
    .transform((list) => list.split(',').flatMap((each) => each.trim().toLowerCase() || []))
    .refine(
      (list) => list.every(isHostName),
      'must be host names without ports, with commas between them',
    ),
  THRESHOLD_MAX_CONNECTIONS: z.coerce.number().int().min(1).max(1_000_000).default(19_000),
  THRESHOLD_TRUSTED_PROXIES: z
    .string()
    .default('')
    .transform((list) => list.split(',').flatMap((each) => each.trim() || []))
    .refine(
      (list) => list.every(isAddressBlock),
      'must be addresses or CIDR blocks, with commas between them',
    ),
}

/** False for a name with a port, a path or a `*`, which no `Host` header would match. */
function isHostName(name: string): boolean {
  return !name.includes('*') && URL.parse(`http://${name}`)?.hostname === name
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
      publicUrl,
      trustedProxies: env.THRESHOLD_TRUSTED_PROXIES,
      maxConnections: maxConnections + SPARE_CONNECTIONS,
    },
    voice: { host, ...advertise, maxConnections },
    voiceRelay: { host, port: 0 },
  }
}
