import { randomUUID } from 'node:crypto'
import {
  type Deadline,
  deadlineAfter,
  messageOf,
  type Runtime,
  systemTimers,
  unavailable,
  withDeadline,
} from '@threshold/kit'
import type { GuildHub } from '@threshold/ports'
import { gatewayKey, hostKey, leaseSchema } from '../actors/host.ts'
import { claimBucket, claimSchema } from '../nats/claims.ts'
import type { Nats } from '../nats/connect.ts'
import { createHubClient } from '../nats/hub-client.ts'
import { keepLease, LEASE_TTL_MS, leaseBucket, watchBucket } from '../nats/leases.ts'
import { createLinkReceiver } from '../nats/link.ts'
import { allPartitions } from '../nats/partition-log.ts'
import { partitionOf } from '../nats/partitions.ts'
import { Attachments, type GuildListener } from '../sessions/attachments.ts'
import { createReattacher, wireListener } from '../sessions/reattach.ts'
import type { HubArgs } from '../wire/hub.ts'

/** Time limit for telling an owner of a session's end or change. A new owner may have to begin. */
const NOTIFY_TIMEOUT_MS = 30_000
/**
 * An owner publishes a presence after a delay. If it died before, the next one has the partition
 * within this time, and learns of the presence once more.
 */
const PUBLISHED_AFTER_MS = 3 * LEASE_TTL_MS

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
  const { log, clock } = runtime
  const { bus } = nats
  await using opening = new AsyncDisposableStack()
  const bucket = await leaseBucket(nats)
  const value = { v: 1, role: 'gateway' } as const
  const lease = { bucket, key: gatewayKey(gateway), value, timers: systemTimers }
  const leases = opening.use(await watchBucket(bucket, leaseSchema, runtime))
  const claims = opening.use(await watchBucket(await claimBucket(nats), claimSchema, runtime))
  const ownerOf = (partition: number): string | undefined =>
    claims.entries.get(String(partition))?.value.host ?? undefined
  const hub = createHubClient(bus, claims, runtime)
  /**
   * Sessions that have just ended, so that an owner which dies now may not have told the others.
   */
  const ended = new Set<HubArgs<'detach'>>()
  const sessions = new Attachments((guild) => reattach.guild(guild))
  const reattach = opening.use(
    createReattacher({
      gateway,
      sessions,
      hub,
      onAttached: (listener) => {
        if (!listener.isSettled) settleLater(listener)
      },
      runtime,
    }),
  )
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
    for (const session of ended)
      if (partitionOf(session.guild) === Number(key)) notifyEnded(session)
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

  /** Resolves when what the owner sent before its answer has been delivered. */
  const delivered = (
    { host, linked }: { readonly host: string; readonly linked: number },
    deadline: Deadline,
  ): Promise<void> => withDeadline(deadline, 'the events of a guild', link.received(host, linked))

  /** The owner may have forgotten a gateway that was away, and with it what its sessions missed. */
  async function allDelivered(
    answer: { readonly host: string; readonly linked: number; readonly found: boolean },
    deadline: Deadline,
  ): Promise<void> {
    if (!answer.found) throw unavailable('the last events of a session')
    await delivered(answer, deadline)
  }

  /** Tells the owner without waiting. An owner that is not told learns it when it changes. */
  function notify(call: (deadline: Deadline) => Promise<unknown>): void {
    call(deadlineAfter(NOTIFY_TIMEOUT_MS, clock)).catch((error: unknown) =>
      log.debug({ err: messageOf(error) }, 'the owner of a guild was not told'),
    )
  }

  function detach(guild: string, listener: GuildListener): void {
    if (!sessions.removeFromGuild(guild, listener)) return
    listener.cancelSettling()
    const session = { guild, gateway, listener: wireListener(listener) }
    ended.add(session)
    systemTimers.after(PUBLISHED_AFTER_MS, () => ended.delete(session))
    notifyEnded(session)
  }

  function notifyEnded(session: HubArgs<'detach'>): void {
    notify((deadline) => hub.request(session.guild, 'detach', session, deadline))
  }

  /** The owner has the session's presence, and publishes it within the delay. */
  function settleLater(listener: GuildListener): void {
    listener.cancelSettling()
    listener.cancelSettling = systemTimers.after(PUBLISHED_AFTER_MS, () => {
      listener.isSettled = true
    })
  }

  const opened = opening.move()
  return {
    canary: async (partition, deadline) =>
      delivered(await hub.requestOf(partition, 'canary', { gateway }, deadline), deadline),
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

    async subscribe(guild, subscriber, deadline) {
      const listener = sessions.addToGuild(guild, subscriber)
      const { call } = subscriber
      if (call) listener.voice = call
      const session = { slot: listener.slot, sessionId: subscriber.sessionId }
      try {
        const listeners = [wireListener(listener)]
        const { continues = false } = subscriber
        const args = { guild, gateway, listeners, continues, again: false }
        const answer = await hub.request(guild, 'attach', args, deadline)
        if (!answer.found[0]) {
          sessions.removeFromGuild(guild, listener)
          return undefined
        }
        await delivered(answer, deadline)
        if (listener.presence === subscriber.presence) settleLater(listener)
      } catch (error) {
        detach(guild, listener)
        throw error
      }
      return {
        start: listener.from!,
        setPresence(presence) {
          listener.presence = presence
          listener.isSettled = false
          listener.cancelSettling()
          const args = {
            guild,
            gateway,
            ...session,
            // The request may be repeated, and a later one may have come before.
            get presence() {
              return listener.presence
            },
          }
          notify(async (by) => {
            await hub.request(guild, 'setPresence', args, by)
            if (listener.presence === presence) settleLater(listener)
          })
        },
        async setVoiceState(change, by) {
          const args = { guild, gateway, ...session, change }
          const outcome = await hub.request(guild, 'setVoiceState', args, by)
          if (outcome === 'moved') listener.voice = change
          else if (outcome === 'left') delete listener.voice
          return outcome
        },
        unsubscribe: () => detach(guild, listener),
        async close(by) {
          const args = { guild, gateway, listener: wireListener(listener) }
          await allDelivered(await hub.request(guild, 'detach', args, by), by)
          sessions.removeFromGuild(guild, listener)
        },
      }
    },

    async subscribeUser(subscriber, deadline) {
      const { userId: user, sessionId, continues = false } = subscriber
      const listener = sessions.addToUser(subscriber)
      const session = { user, gateway, slot: listener.slot, sessionId }
      const unsubscribe = (): void => {
        if (sessions.removeFromUser(listener))
          notify((by) => hub.request(user, 'detachUser', session, by))
      }
      try {
        const args = { ...session, continues }
        const answer = await hub.request(user, 'attachUser', args, deadline)
        if (!answer.found) {
          sessions.removeFromUser(listener)
          return undefined
        }
        await delivered(answer, deadline)
      } catch (error) {
        unsubscribe()
        throw error
      }
      return {
        start: listener.from!,
        unsubscribe,
        async close(by) {
          await allDelivered(await hub.request(user, 'detachUser', session, by), by)
          sessions.removeFromUser(listener)
        },
      }
    },

    [Symbol.asyncDispose]: () => opened.disposeAsync(),
  }
}
