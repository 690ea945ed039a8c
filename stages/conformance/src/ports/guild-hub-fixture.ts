import type { ChannelId, GuildId, UserId } from '@threshold/contract'
import type { GuildCommand, GuildState, GuildView, Presence, User } from '@threshold/domain'
import type {
  Delivery,
  GuildHub,
  HubEvent,
  LogPosition,
  Subscription,
  UserDelivery,
  UserSubscription,
} from '@threshold/ports'
import { expect, vi } from 'vitest'
import type { FaultyStore } from './faulty-store.ts'
import { aGuild, aUser, type GuildFixture, newId, testDeadline } from './fixtures.ts'

/** The hub under test, and the store beneath it. */
export interface HubFixture {
  hub(): GuildHub
  store(): FaultyStore
}

export const ONLINE: Presence = { status: 'online', activities: [] }
export const WAIT = { timeout: 30_000, interval: 10 }

/** An event with only its own id as data. */
export const anEvent = (channelId?: ChannelId, fields: Partial<HubEvent> = {}): HubEvent => {
  const id = newId()
  return {
    v: 1,
    id,
    type: 'MESSAGE_CREATE',
    data: { id },
    ...(channelId === undefined ? {} : { channelId }),
    ...fields,
  }
}

/** A session that records its deliveries. */
export interface TestSession {
  readonly userId: UserId
  readonly sessionId: string
  readonly deliveries: readonly Delivery[]
  readonly subscription: Subscription
  readonly view: GuildView
  readonly from: LogPosition
  /** Without the encoded form, which only some hubs deliver. */
  events(type?: string): HubEvent[]
  positions(): LogPosition[]
  /** Whether its last delivery was `left`. */
  readonly removed: boolean
}

/** Stores a user, and subscribes a session that records its deliveries outside of guilds. */
export async function openUserSession(
  { hub, store }: HubFixture,
  user: User = aUser(),
): Promise<{ readonly deliveries: UserDelivery[]; readonly subscription: UserSubscription }> {
  await store().real.createUser(user, testDeadline())
  const deliveries: UserDelivery[] = []
  const deliver = (delivery: UserDelivery): void => void deliveries.push(delivery)
  const subscriber = { userId: user.id, sessionId: newId(), deliver }
  const subscription = await hub().subscribeUser(subscriber, testDeadline())
  return { deliveries, subscription: subscription! }
}

export async function openSession(
  hub: GuildHub,
  guild: GuildId,
  userId: UserId,
  presence: Presence = ONLINE,
): Promise<TestSession> {
  const deliveries: Delivery[] = []
  const sessionId = newId()
  const subscriber = {
    userId,
    sessionId,
    presence,
    deliver: (delivery: Delivery) => void deliveries.push(delivery),
  }
  const subscription = await hub.subscribe(guild, subscriber, testDeadline())
  const first = await vi.waitFor(() => {
    const [delivery] = deliveries
    if (!subscription || delivery?.kind !== 'view')
      throw new Error('the first delivery to a session must be a view of the guild')
    return delivery
  }, WAIT)
  const eventDeliveries = () => deliveries.filter((delivery) => delivery.kind === 'event')
  return {
    userId,
    sessionId,
    deliveries,
    subscription: subscription!,
    view: first.view,
    from: first.position,
    events: (type) =>
      eventDeliveries().flatMap(({ event: { json: _, ...event } }) =>
        type === undefined || event.type === type ? [event] : [],
      ),
    positions: () => eventDeliveries().map(({ position }) => position),
    get removed() {
      return deliveries.at(-1)?.kind === 'left'
    },
  }
}

/**
 * Publishes an event to all sessions and waits until they have it. Every earlier event has then
 * been delivered, or never will be.
 */
export async function drain(
  hub: GuildHub,
  guild: GuildId,
  sessions: readonly TestSession[],
): Promise<void> {
  const last = anEvent(undefined, { type: 'TYPING_START' })
  await hub.publish(guild, last, testDeadline())
  await vi.waitFor(() => {
    for (const session of sessions)
      if (!session.removed)
        expect(session.events('TYPING_START').some(({ id }) => id === last.id)).toBe(true)
  }, WAIT)
}

/** Creates a guild in the hub. */
export async function createGuild(hub: GuildHub, otherCount = 2): Promise<GuildFixture> {
  const guild = aGuild(otherCount)
  await hub.create(guild.state, testDeadline())
  return guild
}

/** Executes a command that must succeed. */
export async function execute(hub: GuildHub, guild: GuildId, command: GuildCommand): Promise<void> {
  expect(await hub.execute(guild, command, testDeadline())).toMatchObject({ ok: true })
}

/** The hub's state of a guild, assembled from its answers to the owner. */
export async function hubState(hub: GuildHub, guild: GuildId, owner: UserId): Promise<GuildState> {
  const view = (await hub.view(guild, owner, testDeadline()))!
  const members = await hub.members(guild, { after: '0', limit: 1_000 }, testDeadline())
  return {
    guild: view.guild,
    roles: new Map(view.roles.map((role) => [role.id, role])),
    channels: new Map(view.channels.map((channel) => [channel.id, channel])),
    members: new Map(members.map((member) => [member.user.id, member])),
  }
}

/** The hub and the store must agree, so that a restart changes nothing. */
export async function expectHubMatchesStore(
  fixture: HubFixture,
  guild: GuildId,
  owner: UserId,
): Promise<void> {
  expect(await hubState(fixture.hub(), guild, owner)).toEqual(
    await fixture.store().real.loadGuild(guild, testDeadline()),
  )
}
