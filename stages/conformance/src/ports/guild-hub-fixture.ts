import type { ChannelId, GuildId, UserId } from '@threshold/contract'
import type { GuildCommand, GuildState, GuildView, Presence } from '@threshold/domain'
import type { Delivery, GuildHub, HubEvent, LogPosition, Subscription } from '@threshold/ports'
import { expect, vi } from 'vitest'
import type { FaultyStore } from './faulty-store.ts'
import { aGuild, type GuildFixture, newId, testDeadline } from './fixtures.ts'

/** The hub under test, and the store beneath it. */
export interface HubFixture {
  hub(): GuildHub
  store(): FaultyStore
}

export const ONLINE: Presence = { status: 'online', activities: [] }
export const WAIT = { timeout: 30_000, interval: 10 }

/** An event that says nothing but its own id. */
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

/** A session that notes what it is told. */
export interface TestSession {
  readonly userId: UserId
  readonly sessionId: string
  readonly deliveries: readonly Delivery[]
  readonly subscription: Subscription
  readonly view: GuildView
  readonly from: LogPosition
  events(type?: string): HubEvent[]
  positions(): LogPosition[]
  /** Told that it is out, so that nothing follows. */
  readonly removed: boolean
}

export async function openSession(
  hub: GuildHub,
  guild: GuildId,
  userId: UserId,
  presence: Presence = ONLINE,
): Promise<TestSession> {
  const told: Delivery[] = []
  const sessionId = newId()
  const subscriber = {
    userId,
    sessionId,
    presence,
    deliver: (delivery: Delivery) => void told.push(delivery),
  }
  const subscription = await hub.subscribe(guild, subscriber, testDeadline())
  const first = await vi.waitFor(() => {
    const [delivery] = told
    if (!subscription || delivery?.kind !== 'view')
      throw new Error('a session that joins a guild is shown it first')
    return delivery
  }, WAIT)
  const heard = () => told.filter((delivery) => delivery.kind === 'event')
  return {
    userId,
    sessionId,
    deliveries: told,
    subscription: subscription!,
    view: first.view,
    from: first.position,
    events: (type) =>
      heard().flatMap(({ event }) => (type === undefined || event.type === type ? [event] : [])),
    positions: () => heard().map(({ position }) => position),
    get removed() {
      return told.at(-1)?.kind === 'left'
    },
  }
}

/**
 * Once a last event that concerns everybody is heard by all, whatever was said before it has been,
 * or never will be.
 */
export async function drain(
  hub: GuildHub,
  guild: GuildId,
  listeners: readonly TestSession[],
): Promise<void> {
  const last = anEvent(undefined, { type: 'TYPING_START' })
  await hub.publish(guild, last, testDeadline())
  await vi.waitFor(() => {
    for (const one of listeners)
      if (!one.removed)
        expect(one.events('TYPING_START').some(({ id }) => id === last.id)).toBe(true)
  }, WAIT)
}

/** A guild that the hub has made. */
export async function createGuild(hub: GuildHub, others = 2): Promise<GuildFixture> {
  const guild = aGuild(others)
  await hub.create(guild.state, testDeadline())
  return guild
}

/** A command that must succeed. */
export async function execute(hub: GuildHub, guild: GuildId, command: GuildCommand): Promise<void> {
  expect(await hub.execute(guild, command, testDeadline())).toMatchObject({ ok: true })
}

/**
 * What the hub believes of a guild, put together from its answers to the owner, who sees
 * everything.
 */
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

/** The same guild, after a restart as before. */
export async function expectHubMatchesStore(
  world: HubFixture,
  guild: GuildId,
  owner: UserId,
): Promise<void> {
  expect(await hubState(world.hub(), guild, owner)).toEqual(
    await world.store().real.loadGuild(guild, testDeadline()),
  )
}
