import { randomBytes } from 'node:crypto'

/** Whether a new process may listen on the port of the one that it replaces. */
export const CAN_REUSE_PORTS = process.platform === 'linux'

export interface StageAddresses {
  /** The address of its MongoDB, with the database name. */
  readonly engineUri: string
  /** The address of its Cassandra, with a keyspace; for stages whose messages are in Cassandra. */
  readonly cassandraUri?: string
  /** Its NATS, for stages of several processes. It has a user for each role, or is external. */
  readonly nats?: { uriOf(role: string, process: string): string }
  /** An OpenSearch with the name of an index in the path. Default: search in a file. */
  readonly openSearchUri?: string
  readonly env?: Record<string, string>
}

/** The environment of each role. Clients reach the gateways at the addresses that the api tells. */
export function environmentsOf(
  { env = {}, engineUri, cassandraUri, nats, openSearchUri = '' }: StageAddresses,
  processes: readonly { readonly role: string; readonly port: number }[],
): (role: string, process: string) => Record<string, string> {
  const portsOf = (role: string) =>
    processes.filter((each) => each.role === role).map(({ port }) => port)
  const gateways = portsOf('gateway').map((port) => `ws://127.0.0.1:${port}`)
  const pages = portsOf('api').flatMap((port) => [
    `http://127.0.0.1:${port}`,
    `http://localhost:${port}`,
  ])
  const list = (given: string | undefined, own: readonly string[]): string =>
    [given ?? '', ...own].filter((each) => each !== '').join(',')
  const common = {
    THRESHOLD_TOKEN_SECRET: randomBytes(32).toString('hex'),
    THRESHOLD_PROVISIONING: 'on',
    THRESHOLD_HEARTBEAT_MS: '2000',
    // Overrides values of the user's shell: labs and tests use the address the stage listens on.
    THRESHOLD_PUBLIC_URL: '',
    THRESHOLD_GATEWAY_URL: '',
    THRESHOLD_HOSTS: '',
    THRESHOLD_ORIGINS: '',
    THRESHOLD_TRUSTED_PROXIES: '',
    ...env,
    THRESHOLD_MONGODB_URI: engineUri,
    ...(cassandraUri === undefined ? {} : { THRESHOLD_CASSANDRA_URI: cassandraUri }),
  }
  return (role, process) => ({
    ...common,
    ...(nats === undefined ? {} : { THRESHOLD_NATS_URI: nats.uriOf(role, process) }),
    THRESHOLD_OPENSEARCH_URI: role === 'search' ? openSearchUri : '',
    ...(role === 'api' && common.THRESHOLD_PUBLIC_URL === ''
      ? { THRESHOLD_GATEWAY_URL: common.THRESHOLD_GATEWAY_URL || gateways.join(',') }
      : {}),
    ...(role === 'gateway' ? { THRESHOLD_ORIGINS: list(common.THRESHOLD_ORIGINS, pages) } : {}),
  })
}
