import { randomUUID } from 'node:crypto'
import { type Deadline, type Runtime, systemTimers, withDeadline } from '@threshold/kit'
import type { GuildHub } from '@threshold/ports'
import { gatewayKey, hostKey, leaseSchema } from '../actors/host.ts'
import { claimBucket, claimSchema } from '../nats/claims.ts'
import type { Nats } from '../nats/connect.ts'
import { createHubClient } from '../nats/hub-client.ts'
import { keepLease, leaseBucket, watchBucket } from '../nats/leases.ts'
import { createLinkReceiver } from '../nats/link.ts'
import { allPartitions } from '../nats/partition-log.ts'
import { Attachments } from '../sessions/attachments.ts'
import { createReattacher } from '../sessions/reattach.ts'
import { createSubscribing } from '../sessions/subscribing.ts'

export interface NatsGuildHub extends GuildHub {
  /**
   * Asks the owner of a partition for a message over the link. Resolves when it has arrived, behind
   * all events that the owner sent before it.
   */
  canary(partition: number, deadline: Deadline): Promise<void>
}

/**
 * The guild hub from stage 3 on. Requests go to the owner of the guild's partition. Sessions of
 * this process are attached there, and their events come over the link of this gateway. When a
 * partition gets another owner, its guilds are attached to that one, from the last event on.
 */
export async function natsGuildHub(
  nats: Nats,
  gateway: string,
  runtime: Runtime,
): Promise<NatsGuildHub> {
  const { log, telemetry } = runtime
  const { bus } = nats
  await using opening = new AsyncDisposableStack()
  const bucket = await leaseBucket(nats)
  const value = { v: 1, role: 'gateway' } as const
  const lease = { bucket, key: gatewayKey(gateway), value, timers: systemTimers }
  const leases = opening.use(await watchBucket(bucket, leaseSchema, runtime))
  const claims = opening.use(await watchBucket(await claimBucket(nats), claimSchema, runtime))
  const ownerOf = (partition: number): string | undefined =>
    claims.entries.get(String(partition))?.value.host ?? undefined
  const hub = createHubClient(bus, claims, (host) => leases.entries.has(hostKey(host)), runtime)
  const sessions = new Attachments(
    (guild) => reattach.guild(guild),
    (error) => log.error({ err: error }, 'a session failed to receive an event'),
    (trace, event) =>
      telemetry.continueTrace(trace, () =>
        telemetry.tracer.startSpan('gateway.deliver', { attributes: { event } }),
      ),
  )
  const received = (host: string, n: number): Promise<void> => link.received(host, n)
  const subscribing = createSubscribing({ gateway, sessions, hub, received, runtime })
  const { onAttached } = subscribing
  const reattach = opening.use(createReattacher({ gateway, sessions, hub, onAttached, runtime }))
  const link = opening.use(
    createLinkReceiver(
      nats.connection,
      bus,
      {
        gateway,
        onMessage: (payload, body) => sessions.receive(payload, body),
        onLost: (host) => {
          for (const partition of allPartitions())
            if (ownerOf(partition) === host) reattach.partition(partition)
        },
      },
      runtime,
    ),
  )
  const reattachAll = (): void => {
    for (const key of claims.entries.keys()) reattach.partition(Number(key))
  }
  claims.onChange((key) => {
    if (ownerOf(Number(key)) === undefined) return
    reattach.partition(Number(key))
    subscribing.repeatEnds(Number(key))
  })
  // An owner that has just begun waits for this gateway, and one that has seen the end of an
  // earlier lease has forgotten its sessions.
  opening.use(await keepLease(lease, runtime, reattachAll))
  // News of a claim may have been lost with the connection.
  nats.onReconnect(reattachAll)
  leases.onChange((key) => {
    const host = key.startsWith(hostKey('')) ? key.slice(hostKey('').length) : undefined
    if (host !== undefined && !leases.entries.has(key)) link.close(host)
  })

  const opened = opening.move()
  return {
    canary: async (partition, deadline) => {
      const { host, linked } = await hub.requestOf(partition, 'canary', { gateway }, deadline)
      await withDeadline(deadline, 'the canary', received(host, linked))
    },
    async create(state, deadline) {
      const guild = state.guild.id
      await hub.request(guild, 'create', { guild, state }, deadline)
    },
    execute: (guild, command, deadline) =>
      hub.request(guild, 'execute', { guild, id: randomUUID(), command }, deadline),
    access: (guild, of, channel, deadline) =>
      hub.request(guild, 'access', { guild, users: [...of], channel }, deadline),
    view: async (guild, user, deadline) =>
      (await hub.request(guild, 'view', { guild, user }, deadline)).view,
    members: (guild, query, deadline) => hub.request(guild, 'members', { guild, query }, deadline),
    presences: (guild, of, deadline) =>
      hub.request(guild, 'presences', { guild, users: [...of] }, deadline),
    publish: (guild, event, deadline) => hub.request(guild, 'publish', { guild, event }, deadline),
    async publishToUsers(of, event, deadline) {
      const [lower] = of.toSorted((a, b) => (BigInt(a) < BigInt(b) ? -1 : 1))
      if (lower !== undefined)
        await hub.request(lower, 'publishToUsers', { users: [...of], event }, deadline)
    },

    subscribe: subscribing.subscribe,
    subscribeUser: subscribing.subscribeUser,
    [Symbol.asyncDispose]: () => opened.disposeAsync(),
  }
}
