import { randomBytes } from 'node:crypto'
import { writeFile } from 'node:fs/promises'
import { CodedError } from '@threshold/kit'
import { type EngineLimits, mebibytesToBytes } from '../engine.ts'
import { type NatsAddress, natsUri } from './address.ts'
import {
  DEFAULT_MEMORY_MB,
  DEFAULT_STORE_MB,
  type NatsUser,
  type StartNatsOptions,
} from './engine.ts'

/** The largest message that a client may publish. NATS's own default is 1 MB. */
export const MAX_PAYLOAD = 4 * 1024 * 1024

const secret = (): string => randomBytes(24).toString('hex')

/** The settings that all servers of an engine share. */
export interface NatsSettings {
  readonly users: readonly [NatsUser, ...NatsUser[]]
  /** The only user of the system account, who may ask a server for its health and nothing else. */
  readonly probe: NatsUser
  /** Lets a server join the cluster. */
  readonly route: NatsUser
  readonly memoryBytes: number
  readonly storeBytes: number
  readonly syncAlways: boolean
}

export function natsSettings(options: StartNatsOptions): NatsSettings {
  const { memoryMb = DEFAULT_MEMORY_MB, storeMb = DEFAULT_STORE_MB } = options
  const [first = { user: 'threshold', password: secret() }, ...others] = options.users ?? []
  return {
    users: [first, ...others],
    probe: {
      user: 'threshold-probe',
      password: secret(),
      publish: ['$SYS.REQ.SERVER.*.HEALTHZ'],
      subscribe: ['_INBOX.>'],
    },
    route: { user: 'threshold-route', password: secret() },
    memoryBytes: mebibytesToBytes(memoryMb),
    storeBytes: mebibytesToBytes(storeMb),
    syncAlways: options.syncAlways ?? false,
  }
}

export const limitsOf = ({ memoryBytes, storeBytes }: NatsSettings): EngineLimits => ({
  memoryBytes,
  storeBytes,
})

/** Names everything that changes a figure. */
export function productOf({ syncAlways }: NatsSettings, servers: number): string {
  const cluster = servers === 1 ? [] : [`${servers} servers`]
  return ['NATS', ...cluster, ...(syncAlways ? ['each write synced'] : [])].join(', ')
}

/** Go frees memory more eagerly near this limit, and never fails because of it. */
export const environmentOf = ({ memoryBytes }: NatsSettings): Record<string, string> => ({
  GOMEMLIMIT: `${memoryBytes}B`,
})

export function uriOf(
  { users }: NatsSettings,
  servers: readonly string[],
  name: string = users[0].user,
): string {
  const found = users.find(({ user }) => user === name)
  if (found === undefined)
    throw new CodedError('NO_SUCH_NATS_USER', `this NATS has no user ${name}`, {
      next: `take one of ${users.map(({ user }) => user).join(', ')}`,
    })
  return natsUri(servers, found)
}

/** The address of one server for the probe's user. */
export const probeAddress = ({ probe }: NatsSettings, server: string): NatsAddress => ({
  servers: [server],
  user: probe.user,
  pass: probe.password,
})

export interface ServerPlace {
  readonly name: string
  /** `host:port` for clients. */
  readonly listen: string
  /** The folder of JetStream's files. */
  readonly storeDir: string
  /** The `host:port` for the other servers, and those of all servers; undefined for one server. */
  readonly cluster?: { readonly listen: string; readonly routes: readonly string[] } | undefined
}

/**
 * Writes the whole configuration, which only this user may read: it contains all passwords. NATS
 * reads JSON.
 */
export async function writeSettings(
  file: string,
  settings: NatsSettings,
  { name, listen, storeDir, cluster }: ServerPlace,
): Promise<void> {
  const { users, probe, route, memoryBytes, storeBytes, syncAlways } = settings
  const configuration = {
    server_name: name,
    listen,
    max_payload: MAX_PAYLOAD,
    jetstream: {
      store_dir: storeDir,
      max_memory_store: memoryBytes,
      max_file_store: storeBytes,
      ...(syncAlways ? { sync_interval: 'always' } : {}),
    },
    accounts: {
      SYS: { users: [userEntry(probe)] },
      THRESHOLD: { jetstream: 'enabled', users: users.map(userEntry) },
    },
    system_account: 'SYS',
    ...(cluster && {
      cluster: {
        name: 'threshold',
        listen: cluster.listen,
        authorization: { user: route.user, password: route.password },
        routes: cluster.routes.map((address) => natsUri([address], route)),
      },
    }),
  }
  await writeFile(file, `${JSON.stringify(configuration, null, 2)}\n`, { mode: 0o600 })
}

const userEntry = ({ user, password, publish, subscribe, allowResponses }: NatsUser) => ({
  user,
  password,
  permissions: {
    ...(publish && { publish: allowed(publish) }),
    ...(subscribe && { subscribe: allowed(subscribe) }),
    ...(allowResponses && { allow_responses: true }),
  },
})

/** NATS takes an empty list for no restriction. */
const allowed = (subjects: readonly string[]) =>
  subjects.length === 0 ? { deny: ['>'] } : { allow: subjects }
