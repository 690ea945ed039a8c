import { CodedError } from '@threshold/kit'

/** The options that NATS's own client takes. */
export interface NatsAddress {
  /** Each is `host:port`. */
  servers: string[]
  user?: string
  pass?: string
  token?: string
}

const ADDRESS =
  /^nats:\/\/(?:([^:@/,]+)(?::([^:@/,]+))?@)?([^:@/?,]+(?::\d+)?(?:,[^:@/?,]+(?::\d+)?)*)\/?$/

/**
 * Parses `nats://[user:password@|token@]host:port[,host:port]`. NATS's client itself ignores a
 * password in an address. The error never quotes the address, since it may contain one.
 */
export function parseNatsUri(uri: string): NatsAddress {
  const [, user, password, hosts] = ADDRESS.exec(uri) ?? []
  if (hosts === undefined)
    throw new CodedError('BAD_NATS_URI', 'the NATS address is not valid', {
      next: 'write nats://[user:password@]host:4222[,host:4222]',
    })
  const servers = hosts.split(',')
  if (user === undefined) return { servers }
  if (password === undefined) return { servers, token: decodeURIComponent(user) }
  return { servers, user: decodeURIComponent(user), pass: decodeURIComponent(password) }
}

/** The address of these servers for a user. */
export const natsUri = (
  servers: readonly string[],
  { user, password }: { readonly user: string; readonly password: string },
): string =>
  `nats://${encodeURIComponent(user)}:${encodeURIComponent(password)}@${servers.join(',')}`
