import type { GuildId, UserId } from '@threshold/contract'
import type { Presence } from '@threshold/domain'
import { type Deadline, deadlineAfter, messageOf, type Runtime, systemTimers } from '@threshold/kit'
import type {
  Delivery,
  GuildHub,
  HubEvent,
  LogPosition,
  Subscriber,
  UserDelivery,
  UserSubscriber,
} from '@threshold/ports'
import { gatewayKey, leaseSchema } from '../actors/host.ts'
import { hasSlot } from '../actors/listeners.ts'
import { claimBucket, claimSchema } from '../nats/claims.ts'
import type { Nats } from '../nats/connect.ts'
import { createHubClient } from '../nats/hub-client.ts'
import { acquireLease, leaseBucket, watchBucket } from '../nats/leases.ts'
import { createLinkReceiver } from '../nats/link.ts'
import { partitionOf } from '../nats/partitions.ts'
import type { WireListener } from '../wire/hub.ts'
import type { EventHead, LinkPayload } from '../wire/link.ts'

/** Time limit for telling the owner that a session has ended or changed, in milliseconds. */
const NOTIFY_TIMEOUT_MS = 5_000
const ATTACH_TIMEOUT_MS = 5_000

interface LocalListener {
  readonly slot: number
  readonly subscriber: Subscriber
  presence: Presence
  voice?: WireListener['voice']
}

/** A guild with sessions on this gateway. */
interface Attachment {
  readonly slots: Map<number, LocalListener>
  nextSlot: number
  /** The newest event that came from the guild. */
  position: LogPosition | undefined
}

interface UserAttachment {
  readonly slots: Map<number, UserSubscriber>
  nextSlot: number
  position: LogPosition | undefined
}

/**
 * The guild hub of stages 3 and 4. Requests go to the owner of the guild's partition. Sessions of
 * this process are attached there, and their events come over the link of this gateway. When a
 * partition gets another owner, its guilds are attached to that one from the last event on.
 */
export async function natsGuildHub(
  nats: Nats,
  gateway: string,
  runtime: Runtime,
): Promise<GuildHub> {
  const { log, clock } = runtime
  const use = new AsyncDisposableStack()
  const bucket = await leaseBucket(nats)
  const value = { v: 1, role: 'gateway' } as const
  const options = { bucket, key: gatewayKey(gateway), value, timers: systemTimers }
  use.use(await acquireLease(options, runtime))
  const claims = use.use(await watchBucket(await claimBucket(nats), claimSchema, runtime))
  const leases = use.use(await watchBucket(bucket, leaseSchema, runtime))
  const { bus } = nats
  const hub = createHubClient(bus, runtime)
  const guilds = new Map<GuildId, Attachment>()
  const users = new Map<UserId, UserAttachment>()
  const link = use.use(
    createLinkReceiver(
      nats.connection,
      bus,
      {
        gateway,
        onMessage: receive,
        onLost: (host) => reattach(({ host: owner }) => owner === host),
      },
      runtime,
    ),
  )

  /** Every session of this process gets the same event object, so each form is encoded once. */
  const toHubEvent = (head: EventHead, json: Uint8Array): HubEvent => {
    let data: object | undefined
    return {
      ...head,
      json,
      get data() {
        data ??= JSON.parse(Buffer.from(json).toString()) as object
        return data
      },
    } as HubEvent
  }

  function receive(payload: LinkPayload, body: Uint8Array): void {
    switch (payload.kind) {
      case 'event': {
        const { position, slots } = payload
        const event = toHubEvent(payload.event, body)
        if (payload.user !== undefined) {
          const attached = users.get(payload.user)
          if (attached) attached.position = position
          deliverToUser(attached, { kind: 'event', event, position }, (slot) =>
            hasSlot(slots, slot),
          )
          return
        }
        const attached = guilds.get(payload.guild!)
        if (!attached) return
        attached.position = position
        const delivery: Delivery = { kind: 'event', event, position }
        for (const { slot, subscriber } of attached.slots.values())
          if (hasSlot(slots, slot)) subscriber.deliver(delivery)
        return
      }
      case 'view': {
        const { guild, slot, sessionId, view, members, presences, position } = payload
        const listener = listenerOf(guild, slot, sessionId)
        guilds.get(guild)!.position ??= position
        listener?.subscriber.deliver({ kind: 'view', view, members, presences, position })
        return
      }
      case 'left':
        leave(payload.guild, payload.slot, payload.sessionId)
        return
      case 'user-view': {
        const { user, slot, view, position } = payload
        const attached = users.get(user)
        if (attached) attached.position ??= position
        attached?.slots.get(slot)?.deliver({ kind: 'view', view, position })
        return
      }
      case 'joined': {
        const { user, guild: guildId, position } = payload
        deliverToUser(users.get(user), { kind: 'joined', guildId, position }, () => true)
      }
    }
  }

  function deliverToUser(
    attached: UserAttachment | undefined,
    delivery: UserDelivery,
    isFor: (slot: number) => boolean,
  ): void {
    for (const [slot, subscriber] of attached?.slots ?? [])
      if (isFor(slot)) subscriber.deliver(delivery)
  }

  const listenerOf = (
    guild: GuildId,
    slot: number,
    sessionId: string,
  ): LocalListener | undefined => {
    const listener = guilds.get(guild)?.slots.get(slot)
    return listener?.subscriber.sessionId === sessionId ? listener : undefined
  }

  function leave(guild: GuildId, slot: number, sessionId: string): void {
    const listener = listenerOf(guild, slot, sessionId)
    if (!listener) return
    removeSlot(guilds, guild, slot)
    listener.subscriber.deliver({ kind: 'left', guildId: guild })
  }

  const wireListener = ({ slot, subscriber, presence, voice }: LocalListener): WireListener => ({
    slot,
    userId: subscriber.userId,
    sessionId: subscriber.sessionId,
    presence,
    ...(voice === undefined ? {} : { voice }),
  })

  /** Attaches to new owners what was attached to former ones. */
  function reattach(
    isConcerned: (owner: { host: string | null; partition: number }) => boolean,
  ): void {
    const concerns = (id: string): boolean => {
      const partition = partitionOf(id)
      const host = claims.entries.get(String(partition))?.value.host ?? null
      return isConcerned({ host, partition })
    }
    for (const [guild, attached] of guilds) if (concerns(guild)) void attachAgain(guild, attached)
    for (const [user, attached] of users) if (concerns(user)) void attachUserAgain(user, attached)
  }

  async function attachAgain(guild: GuildId, attached: Attachment): Promise<void> {
    const listeners = [...attached.slots.values()]
    if (listeners.length === 0) return
    const { position } = attached
    try {
      const { found } = await hub.request(
        guild,
        'attach',
        {
          guild,
          gateway,
          listeners: listeners.map(wireListener),
          all: true,
          ...(position ? { after: position } : {}),
        },
        deadlineAfter(ATTACH_TIMEOUT_MS, clock),
      )
      for (const [index, { slot, subscriber }] of listeners.entries())
        if (!found[index]) leave(guild, slot, subscriber.sessionId)
    } catch (error) {
      log.warn({ guild, err: messageOf(error) }, 'a guild was not attached; trying again')
      systemTimers.after(ATTACH_TIMEOUT_MS, () => {
        if (guilds.get(guild) === attached) void attachAgain(guild, attached)
      })
    }
  }

  async function attachUserAgain(user: UserId, attached: UserAttachment): Promise<void> {
    for (const [slot, { sessionId }] of attached.slots) {
      const after = attached.position
      const args = { user, gateway, slot, sessionId, ...(after ? { after } : {}) }
      await hub
        .request(user, 'attachUser', args, deadlineAfter(ATTACH_TIMEOUT_MS, clock))
        .catch((error: unknown) => log.warn({ err: messageOf(error) }, 'a user was not attached'))
    }
  }

  let epochs = new Map([...claims.entries].map(([key, { revision }]) => [key, revision]))
  claims.onChange((key) => {
    const { revision, value: claim } = claims.entries.get(key) ?? {}
    if (revision === undefined || claim?.host == null || epochs.get(key) === revision) return
    epochs = epochs.set(key, revision)
    reattach(({ partition }) => String(partition) === key)
  })
  leases.onChange((key) => {
    if (key.startsWith('guilds.') && !leases.entries.has(key))
      link.close(key.slice('guilds.'.length))
  })

  /** Tells the owner without waiting. If it fails, the owner learns it when the guild is attached again. */
  function notify(call: (deadline: Deadline) => Promise<unknown>): void {
    call(deadlineAfter(NOTIFY_TIMEOUT_MS, clock)).catch((error: unknown) =>
      log.debug({ err: messageOf(error) }, 'the owner of a guild was not told'),
    )
  }

  return {
    async create(state, deadline) {
      const guild = state.guild.id
      await hub.request(guild, 'create', { guild, state }, deadline)
    },
    execute: (guild, command, deadline) =>
      hub.request(guild, 'execute', { guild, command }, deadline),
    access: (guild, of, channel, deadline) =>
      hub.request(
        guild,
        'access',
        { guild, users: [...of], ...(channel === undefined ? {} : { channel }) },
        deadline,
      ),
    view: async (guild, user, deadline) =>
      (await hub.request(guild, 'view', { guild, user }, deadline)).view,
    members: (guild, query, deadline) =>
      hub.request(
        guild,
        'members',
        { guild, query: 'ids' in query ? { ids: [...query.ids] } : query },
        deadline,
      ),
    presences: (guild, of, deadline) =>
      hub.request(guild, 'presences', { guild, users: [...of] }, deadline),
    publish: (guild, event, deadline) => hub.request(guild, 'publish', { guild, event }, deadline),
    async publishToUsers(of, event, deadline) {
      const [lower] = of.toSorted((a, b) => (BigInt(a) < BigInt(b) ? -1 : 1))
      if (lower !== undefined)
        await hub.request(lower, 'publishToUsers', { users: [...of], event }, deadline)
    },

    async subscribe(guild, subscriber, deadline) {
      const attached = guilds.get(guild) ?? { slots: new Map(), nextSlot: 0, position: undefined }
      guilds.set(guild, attached)
      const slot = attached.nextSlot++
      const listener: LocalListener = { slot, subscriber, presence: subscriber.presence }
      attached.slots.set(slot, listener)
      const detach = (): void => {
        removeSlot(guilds, guild, slot)
        notify((by) =>
          hub.request(
            guild,
            'detach',
            { guild, gateway, slot, sessionId: subscriber.sessionId },
            by,
          ),
        )
      }
      try {
        const { after } = subscriber
        const args = { guild, gateway, listeners: [wireListener(listener)], all: false }
        const { found, linked } = await hub.request(
          guild,
          'attach',
          { ...args, ...(after ? { after } : {}) },
          deadline,
        )
        if (!found[0]) {
          removeSlot(guilds, guild, slot)
          return undefined
        }
        const host = claims.entries.get(String(partitionOf(guild)))?.value.host
        if (host != null) await link.received(host, linked)
      } catch (error) {
        detach()
        throw error
      }
      return {
        setPresence(presence) {
          listener.presence = presence
          notify((by) => hub.request(guild, 'setPresence', { guild, gateway, slot, presence }, by))
        },
        async setVoiceState(change, by) {
          const args = { guild, gateway, slot, change }
          const outcome = await hub.request(guild, 'setVoiceState', args, by)
          if (outcome === 'moved') listener.voice = change
          else if (outcome === 'left') delete listener.voice
          return outcome
        },
        unsubscribe: detach,
      }
    },

    async subscribeUser(subscriber, deadline) {
      const { userId: user, sessionId, after } = subscriber
      const attached = users.get(user) ?? { slots: new Map(), nextSlot: 0, position: undefined }
      users.set(user, attached)
      const slot = attached.nextSlot++
      attached.slots.set(slot, subscriber)
      const unsubscribe = (): void => {
        removeSlot(users, user, slot)
        notify((by) => hub.request(user, 'detachUser', { user, gateway, slot, sessionId }, by))
      }
      try {
        const args = { user, gateway, slot, sessionId, ...(after ? { after } : {}) }
        const { found, linked } = await hub.request(user, 'attachUser', args, deadline)
        if (!found) {
          removeSlot(users, user, slot)
          return undefined
        }
        const host = claims.entries.get(String(partitionOf(user)))?.value.host
        if (host != null) await link.received(host, linked)
      } catch (error) {
        unsubscribe()
        throw error
      }
      return { unsubscribe }
    },

    [Symbol.asyncDispose]: () => use.disposeAsync(),
  }
}

/** The last one to leave removes the entry. */
function removeSlot(
  attachments: Map<string, { readonly slots: Map<number, unknown> }>,
  id: string,
  slot: number,
): void {
  const attached = attachments.get(id)
  attached?.slots.delete(slot)
  if (attached?.slots.size === 0) attachments.delete(id)
}
