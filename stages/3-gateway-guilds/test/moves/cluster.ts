import { randomBytes } from 'node:crypto'
import { setImmediate } from 'node:timers/promises'
import { aGuild, type GuildFixture, newId, testDeadline } from '@threshold/conformance/ports'
import { tcpProxy } from '@threshold/engines'
import { leaseDatabase } from '@threshold/engines/testing'
import { createRuntime, type Deadline, hasCode, type Runtime } from '@threshold/kit'
import type { Delivery, GuildHub, LogPosition, MetadataStore, Permissions } from '@threshold/ports'
import { typescriptMemberList } from '@threshold/stage-1/adapters/member-list.typescript'
import { mongoMessageStore } from '@threshold/stage-1/adapters/message-store.mongodb'
import { mongoMetadataStore } from '@threshold/stage-1/adapters/metadata-store.mongodb'
import { typescriptPermissions } from '@threshold/stage-1/adapters/permissions.typescript'
import { mongoDatabase } from '@threshold/stage-1/mongodb'
import { expect, onTestFinished } from 'vitest'
import { type GuildHost, startGuildHost } from '../../src/actors/host.ts'
import { quarantineBucket } from '../../src/actors/quarantine.ts'
import { type NatsGuildHub, natsGuildHub } from '../../src/adapters/guild-hub.nats.ts'
import { desiredOwners } from '../../src/nats/assignment.ts'
import type { Bus, WireVersions } from '../../src/nats/bus.ts'
import { connectNats, type Nats, type NatsConfig } from '../../src/nats/connect.ts'
import { allPartitions } from '../../src/nats/partition-log.ts'
import { natsFixture } from '../nats/fixture.ts'

interface Cuttable {
  /** Cuts the process off NATS, until `heal` is called. */
  cut(): void
  heal(): void
}

export interface RunningHost extends Cuttable {
  readonly host: GuildHost
}

export interface RunningGateway extends Cuttable {
  readonly hub: NatsGuildHub
  readonly bus: Bus
  readonly runtime: Runtime
}

/** Guild hosts and gateways in one process, over a real NATS and a real store. */
export interface Cluster {
  readonly nats: NatsConfig
  readonly store: MetadataStore
  readonly mongoUri: string
  /** @param utilization of its event loop, which it shares with the test; default: none */
  startHost(utilization?: () => number, versions?: WireVersions): Promise<RunningHost>
  startGateway(versions?: WireVersions): Promise<RunningGateway>
  killNats(): Promise<void>
  restartNats(): Promise<void>
  /** How often the permissions of a guild will throw: a bug in code that a guild runs. */
  readonly failures: Map<string, number>
  /** Called around each write of a command. A test sets what should happen there. */
  readonly onRecord: { before?: () => Promise<void>; after?: () => Promise<void> }
  /** Called before a guild is read from the store. */
  readonly onLoad: { before?: (guild: string) => Promise<void> }
  /** Why the guild is quarantined; undefined if it is not. */
  reasonFor(guild: string): Promise<string | undefined>
  /** Lets a quarantined guild be served again. */
  release(guild: string): Promise<void>
}

export async function startCluster(
  use: AsyncDisposableStack,
  { presenceDelayMs = 20 } = {},
): Promise<Cluster> {
  const { config, kill, restart } = await natsFixture(use)
  const { uri } = use.use(await leaseDatabase())
  const [server = ''] = config.servers
  const connect = async (name: string, versions?: WireVersions) => {
    const runtime = createRuntime({ random: randomBytes })
    use.use(runtime.telemetry)
    const proxy = use.use(await tcpProxy(server))
    const own = { ...config, servers: [proxy.address] }
    const nats: Nats = use.use(await connectNats(own, name, runtime, versions))
    return { nats, runtime, proxy }
  }
  const store = await connect('store')
  const mongo = use.use(await mongoDatabase({ uri }, store.runtime.telemetry))
  const metadata = use.use(await mongoMetadataStore(mongo))
  const messages = use.use(await mongoMessageStore(mongo))
  const failures = new Map<string, number>()
  const permissions = typescriptPermissions()
  const failing: Permissions = {
    ...permissions,
    viewers(state, ...others) {
      const left = failures.get(state.guild.id) ?? 0
      if (left > 0) {
        failures.set(state.guild.id, left - 1)
        throw new TypeError('a bug in the permissions')
      }
      return permissions.viewers(state, ...others)
    },
  }
  const computed = { permissions: failing, memberList: typescriptMemberList }
  const onRecord: Cluster['onRecord'] = {}
  const onLoad: Cluster['onLoad'] = {}
  const observed: MetadataStore = {
    ...metadata,
    async loadGuild(guild, deadline) {
      await onLoad.before?.(guild)
      return metadata.loadGuild(guild, deadline)
    },
    async record(...args) {
      await onRecord.before?.()
      await metadata.record(...args)
      await onRecord.after?.()
    },
  }
  const ports = { metadata: observed, messages, ...computed, presenceDelayMs }
  let names = 0
  return {
    nats: config,
    store: metadata,
    mongoUri: uri,
    killNats: kill,
    restartNats: restart,
    failures,
    onRecord,
    onLoad,
    async reasonFor(guild) {
      const entry = await (await quarantineBucket(store.nats)).get(guild)
      return entry?.operation === 'PUT' ? entry.json<{ reason: string }>().reason : undefined
    },
    async release(guild) {
      await (await quarantineBucket(store.nats)).delete(guild)
    },
    async startHost(utilization = () => 0, versions = undefined) {
      const { nats, runtime, proxy } = await connect('host', versions)
      const host = await startGuildHost(nats, { ...ports, utilization }, runtime)
      // A host that was cut off cannot release its partitions.
      use.defer(async () => void (await Promise.allSettled([host[Symbol.asyncDispose]()])))
      return { host, cut: proxy.cut, heal: proxy.heal }
    },
    async startGateway(versions) {
      const { nats, runtime, proxy } = await connect('gateway', versions)
      names += 1
      const hub = use.use(await natsGuildHub(nats, `gateway${names}`, runtime))
      return { hub, bus: nats.bus, runtime, cut: proxy.cut, heal: proxy.heal }
    },
  }
}

/** Only a failure waits this long, and a host that starts on a busy machine. */
export const WAIT = { timeout: 90_000, interval: 10 }

/** Waits until each host has its share, so that no partition moves any more. */
export async function untilBalanced(hosts: readonly RunningHost[]): Promise<void> {
  const owners = desiredOwners(hosts.map(({ host: { id } }) => ({ id, weight: 1, pinned: [] })))
  const shares = hosts.map(({ host }) =>
    allPartitions().filter((partition) => owners[partition] === host.id),
  )
  const byNumber = (a: number, b: number): number => a - b
  const owned = () => hosts.map(({ host }) => host.owned().toSorted(byNumber))
  await expect.poll(owned, WAIT).toEqual(shares)
}

export interface Received {
  readonly id: string
  readonly position: LogPosition
}

/** A session that records the messages of a guild. */
export async function listen(hub: GuildHub, guild: GuildFixture, userId: string) {
  const deliveries: Delivery[] = []
  const subscriber = {
    userId,
    sessionId: newId(),
    presence: { status: 'online', activities: [] } as const,
    deliver: (delivery: Delivery) => void deliveries.push(delivery),
  }
  const subscription = (await hub.subscribe(guild.id, subscriber, testDeadline()))!
  return {
    userId,
    sessionId: subscriber.sessionId,
    deliveries,
    subscription,
    messages: (): Received[] =>
      deliveries.flatMap((delivery) =>
        delivery.kind === 'event' && delivery.event.type === 'MESSAGE_CREATE'
          ? [{ id: delivery.event.id, position: delivery.position }]
          : [],
      ),
    views: () => deliveries.filter(({ kind }) => kind === 'view').length,
  }
}

export type Session = Awaited<ReturnType<typeof listen>>

export async function createGuild(hub: GuildHub, others = 3): Promise<GuildFixture> {
  const guild = aGuild(others)
  await hub.create(guild.state, testDeadline())
  return guild
}

/** Publishes messages one after the other until `stop`, each until it is acknowledged. */
export function publishing(
  hub: GuildHub,
  guild: GuildFixture,
  newDeadline: () => Deadline = testDeadline,
) {
  const acknowledged: Received[] = []
  let expired = 0
  let stopped = false
  // A failed test closes the connection, and all further requests fail at once.
  onTestFinished(() => {
    stopped = true
  })
  const done = (async () => {
    while (!stopped) {
      const id = newId()
      const event = {
        v: 1,
        id,
        type: 'MESSAGE_CREATE',
        data: { id },
        channelId: guild.text.id,
      } as const
      for (;;) {
        try {
          acknowledged.push({ id, position: await hub.publish(guild.id, event, newDeadline()) })
          break
        } catch (error) {
          if (stopped || !hasCode(error, 'UNAVAILABLE', 'DEADLINE_EXCEEDED')) throw error
          if (hasCode(error, 'DEADLINE_EXCEEDED')) expired += 1
          await setImmediate()
        }
      }
    }
  })()
  done.catch(() => {}) // `stop` reports it
  return {
    acknowledged,
    /** How many requests were not answered within their deadline. */
    expired: () => expired,
    async untilMore(count: number): Promise<void> {
      const before = acknowledged.length
      await expect.poll(() => acknowledged.length, WAIT).toBeGreaterThan(before + count)
    },
    async stop(): Promise<Received[]> {
      stopped = true
      await done
      return acknowledged
    },
  }
}
