import type { UserId } from '@threshold/contract'
import type { UserDelivery } from '@threshold/ports'
import { describe, expect, it, vi } from 'vitest'
import {
  aDirectChannel,
  aGuild,
  aUser,
  type GuildFixture,
  newId,
  testDeadline,
} from './fixtures.ts'
import {
  anEvent,
  createGuild,
  type HubFixture,
  ONLINE,
  openSession,
  openUserSession,
  WAIT,
} from './guild-hub-fixture.ts'

/** Presence, and events of users outside of guilds. */
export function guildHubPresence(fixture: HubFixture): void {
  const { hub, store } = fixture

  describe('presence', () => {
    const presencesOf = (guild: GuildFixture, user: UserId) =>
      hub().presences(guild.id, [user, newId()], testDeadline())

    it('is that of the most present session, and is sent to the others', async () => {
      const guild = await createGuild(hub())
      const user = guild.others[0]!.user.id
      const owner = await openSession(hub(), guild.id, guild.owner.user.id)
      const statuses = (): unknown[] =>
        owner.events('PRESENCE_UPDATE').flatMap(({ data }) => {
          const { user: subject, status } = data as { user: { id: string }; status: string }
          return subject.id === user ? [status] : []
        })
      const becomes = async (status: string): Promise<void> => {
        await vi.waitFor(() => expect(statuses().at(-1)).toBe(status), WAIT)
        expect((await presencesOf(guild, user)).get(user)?.status ?? 'offline').toBe(status)
      }
      const idle = await openSession(hub(), guild.id, user, { status: 'idle', activities: [] })
      await becomes('idle')
      const busy = await openSession(hub(), guild.id, user, {
        status: 'dnd',
        activities: [{ name: 'a game', type: 0 }],
      })
      await becomes('dnd')
      expect((await presencesOf(guild, user)).get(user)?.activities).toEqual([
        { name: 'a game', type: 0 },
      ])
      idle.subscription.setPresence(ONLINE)
      await becomes('online')
      idle.subscription.unsubscribe()
      await becomes('dnd')
      busy.subscription.unsubscribe()
      await becomes('offline')
      expect((await presencesOf(guild, user)).size).toBe(0)
      expect(statuses()).toEqual(['idle', 'dnd', 'online', 'dnd', 'offline'])
    })

    it('of an invisible member is not sent', async () => {
      const guild = await createGuild(hub())
      const [hidden, shown] = guild.others.map(({ user }) => user.id) as [string, string]
      const owner = await openSession(hub(), guild.id, guild.owner.user.id)
      await openSession(hub(), guild.id, hidden, { status: 'offline', activities: [] })
      await openSession(hub(), guild.id, shown)
      const about = (user: string) =>
        owner
          .events('PRESENCE_UPDATE')
          .filter(({ data }) => (data as { user: { id: string } }).user.id === user)
      await vi.waitFor(() => expect(about(shown)).toHaveLength(1), WAIT)
      expect(about(hidden)).toEqual([])
      expect([
        ...(await hub().presences(guild.id, [hidden, shown], testDeadline())).keys(),
      ]).toEqual([shown])
    })
  })

  describe('a session of a user', () => {
    it('gets the user, their guilds and their direct messages first', async () => {
      const guild = await createGuild(hub())
      const [user, other] = [guild.others[0]!.user, aUser()]
      const { real } = store()
      await real.createUser(other, testDeadline())
      const channel = await real.openDm(aDirectChannel(user.id, other.id), testDeadline())
      const { deliveries, subscription } = await openUserSession(fixture, user)
      expect(deliveries).toEqual([
        {
          kind: 'view',
          view: { user, guilds: [guild.id], directChannels: [{ channel, recipients: [other] }] },
          position: expect.objectContaining({ sequence: expect.any(Number) }),
        },
      ])
      subscription.unsubscribe()
    })

    it('of an unknown user is undefined', async () => {
      const subscriber = { userId: newId(), sessionId: newId(), deliver: () => {} }
      expect(await hub().subscribeUser(subscriber, testDeadline())).toBeUndefined()
    })

    it('hears of each guild that the user joins while the view is read, in the view or after it', async () => {
      const user = aUser()
      const opening = openUserSession(fixture, user)
      const guilds = await Promise.all(
        Array.from({ length: 5 }, async () => {
          const { id, state, owner } = aGuild(0)
          const members = new Map([...state.members, [user.id, { ...owner, user }]])
          await hub().create({ ...state, members }, testDeadline())
          return id
        }),
      )
      const { deliveries, subscription } = await opening
      const known = () =>
        deliveries.flatMap((delivery) => {
          if (delivery.kind === 'view') return delivery.view.guilds
          return delivery.kind === 'joined' ? [delivery.guildId] : []
        })
      await vi.waitFor(() => expect(new Set(known())).toEqual(new Set(guilds)), WAIT)
      subscription.unsubscribe()
    })

    it('that continues one of another process goes on without a view or a gap', async () => {
      const user = aUser()
      const first = await openUserSession(fixture, user)
      const events = Array.from({ length: 20 }, () => anEvent())
      const publishing = (async () => {
        for (const event of events) await hub().publishToUsers([user.id], event, testDeadline())
      })()
      const deliveries: UserDelivery[] = []
      const deliver = (delivery: UserDelivery): void => void deliveries.push(delivery)
      const subscriber = { userId: user.id, sessionId: newId(), continues: true, deliver }
      const second = (await hub().subscribeUser(subscriber, testDeadline()))!
      await first.subscription.close(testDeadline())
      await publishing
      const { epoch, sequence } = second.start
      const received = () =>
        [
          ...first.deliveries.filter(
            ({ position }) => position.epoch === epoch && position.sequence <= sequence,
          ),
          ...deliveries,
        ].flatMap((delivery) => (delivery.kind === 'event' ? [delivery.event.id] : []))
      await vi.waitFor(() => expect(received()).toEqual(events.map(({ id }) => id)), WAIT)
      expect(deliveries.every(({ kind }) => kind !== 'view')).toBe(true)
      second.unsubscribe()
    })
  })

  describe('the events of a user', () => {
    it('reach all of their sessions once and in order, and nobody else', async () => {
      const [ada, grace, alan] = [aUser(), aUser(), aUser()]
      const sessions = await Promise.all(
        [ada, ada, grace, alan].map((user) => openUserSession(fixture, user)),
      )
      const events = Array.from({ length: 5 }, () => anEvent())
      for (const event of events)
        await Promise.all(
          [0, 1, 2].map(() =>
            hub().publishToUsers([ada.id, grace.id, ada.id], event, testDeadline()),
          ),
        )
      const ids = (session: (typeof sessions)[number]) =>
        session.deliveries.flatMap((d) => (d.kind === 'event' ? [d.event.id] : []))
      for (const session of sessions.slice(0, 3))
        await vi.waitFor(() => expect(ids(session)).toEqual(events.map(({ id }) => id)), WAIT)
      expect(ids(sessions[3]!)).toEqual([])
      for (const { deliveries, subscription } of sessions) {
        const positions = deliveries.map(({ position }) => position.sequence)
        expect(positions).toEqual(positions.toSorted((a, b) => a - b))
        subscription.unsubscribe()
      }
    })

    it('are delivered until a session unsubscribes, and unsubscribing twice affects no other', async () => {
      const user = aUser()
      const first = await openUserSession(fixture, user)
      first.subscription.unsubscribe()
      const second = await openUserSession(fixture, user)
      first.subscription.unsubscribe()
      const event = anEvent()
      await hub().publishToUsers([user.id], event, testDeadline())
      await vi.waitFor(() => expect(second.deliveries.at(-1)).toMatchObject({ event }), WAIT)
      expect(first.deliveries).toHaveLength(1)
      second.subscription.unsubscribe()
    })
  })
}
