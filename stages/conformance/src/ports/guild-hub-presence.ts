import type { UserId } from '@threshold/contract'
import type { UserDelivery } from '@threshold/ports'
import { describe, expect, it, vi } from 'vitest'
import { type GuildFixture, newId, testDeadline } from './fixtures.ts'
import {
  anEvent,
  createGuild,
  type HubFixture,
  ONLINE,
  openSession,
  WAIT,
} from './guild-hub-fixture.ts'

/** Presence, and events of users outside of guilds. */
export function guildHubPresence({ hub }: HubFixture): void {
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

  describe('the events of a user', () => {
    it('reach all of their subscribers once, and nobody else', async () => {
      const [ada, grace, alan] = [newId(), newId(), newId()]
      const deliveries = new Map<string, UserDelivery[]>()
      const subscribe = (user: UserId, name: string): (() => void) => {
        deliveries.set(name, [])
        return hub().subscribeUser(user, (delivery) => void deliveries.get(name)!.push(delivery))
      }
      const stops = [
        subscribe(ada, 'ada 1'),
        subscribe(ada, 'ada 2'),
        subscribe(grace, 'grace'),
        subscribe(alan, 'alan'),
      ]
      const events = Array.from({ length: 5 }, () => anEvent())
      for (const event of events)
        await Promise.all(
          [0, 1, 2].map(() => hub().publishToUsers([ada, grace, ada], event, testDeadline())),
        )
      const ids = (name: string) =>
        deliveries.get(name)!.flatMap((d) => (d.kind === 'event' ? [d.event.id] : []))
      for (const name of ['ada 1', 'ada 2', 'grace'])
        await vi.waitFor(() => expect(ids(name)).toEqual(events.map(({ id }) => id)), WAIT)
      expect(deliveries.get('alan')).toEqual([])
      for (const stop of stops) stop()
    })

    it('are delivered until a subscriber unsubscribes, and unsubscribing twice affects no other', async () => {
      const user = newId()
      const received: string[] = []
      const stop = hub().subscribeUser(user, () => void received.push('first'))
      stop()
      const others = hub().subscribeUser(user, () => void received.push('second'))
      stop()
      await hub().publishToUsers([user], anEvent(), testDeadline())
      await vi.waitFor(() => expect(received).toEqual(['second']), WAIT)
      others()
    })
  })
}
