import { compareIds, Permission, type UserId } from '@threshold/contract'
import { channelPermissions, guildPermissions } from '@threshold/domain'
import type { UserDelivery } from '@threshold/ports'
import { describe, expect, it, vi } from 'vitest'
import {
  aGuild,
  allowView,
  aMember,
  aRole,
  aUser,
  denyView,
  type GuildFixture,
  newId,
  testDeadline,
} from './fixtures.ts'
import {
  anEvent,
  createGuild,
  drain,
  execute,
  type HubFixture,
  ONLINE,
  openSession,
  WAIT,
} from './guild-hub-fixture.ts'

/** Who is in a guild, what they may do, where they are, and what concerns them beyond it. */
export function guildHubPeople({ hub }: HubFixture): void {
  describe('access', () => {
    it('is what roles and overwrites come to, in the guild and in each channel', async () => {
      const { state, id, owner, others, text, voice } = aGuild(3)
      const role = aRole({ permissions: String(Permission.ManageMessages) })
      const channels = [
        { ...text, overwrites: [denyView(id, 0), allowView(role.id, 0)] },
        { ...voice, overwrites: [denyView(others[1]!.user.id, 1)] },
      ]
      const members = [owner, { ...others[0]!, roles: [role.id] }, others[1]!, others[2]!]
      const mixed = {
        ...state,
        roles: new Map([...state.roles, [role.id, role]]),
        channels: new Map(channels.map((channel) => [channel.id, channel])),
        members: new Map(members.map((member) => [member.user.id, member])),
      }
      await hub().create(mixed, testDeadline())
      for (const member of members) {
        const user = member.user.id
        expect(await hub().access(id, user, undefined, testDeadline())).toEqual({
          kind: 'member',
          member,
          permissions: guildPermissions(mixed, member),
        })
        for (const channel of channels) {
          const permissions = channelPermissions(mixed, member, channel)
          expect(await hub().access(id, user, channel.id, testDeadline())).toEqual({
            kind: 'member',
            member,
            permissions,
            channel,
          })
        }
      }
    })

    it('tells a stranger from an unknown channel and an unknown guild', async () => {
      const guild = await createGuild(hub())
      const owner = guild.owner.user.id
      expect(await hub().access(guild.id, newId(), undefined, testDeadline())).toEqual({
        kind: 'not-member',
      })
      expect(await hub().access(guild.id, newId(), guild.text.id, testDeadline())).toEqual({
        kind: 'not-member',
      })
      expect(await hub().access(guild.id, owner, newId(), testDeadline())).toEqual({
        kind: 'unknown-channel',
      })
      expect(await hub().access(newId(), owner, undefined, testDeadline())).toEqual({
        kind: 'unknown-guild',
      })
    })
  })

  describe('members', () => {
    it('are found by id, by name and page by page, and follow what happens', async () => {
      const guild = await createGuild(hub(), 12)
      const by = guild.owner.user.id
      const gone = guild.others[3]!.user.id
      const nick = {
        type: 'member.edit',
        by,
        userId: guild.others[4]!.user.id,
        patch: { nick: 'Zoë' },
      } as const
      await execute(hub(), guild.id, { type: 'member.remove', by, userId: gone })
      await execute(hub(), guild.id, nick)
      const left = [...guild.state.members.keys()].filter((id) => id !== gone).toSorted(compareIds)

      const paged: UserId[] = []
      for (let after = '0'; ; after = paged.at(-1)!) {
        const page = await hub().members(guild.id, { after, limit: 5 }, testDeadline())
        if (page.length === 0) break
        paged.push(...page.map(({ user }) => user.id))
      }
      expect(paged).toEqual(left)
      expect(
        (await hub().members(guild.id, { ids: [gone, nick.userId, newId()] }, testDeadline())).map(
          ({ user }) => user.id,
        ),
      ).toEqual([nick.userId])
      expect(
        (await hub().members(guild.id, { prefix: 'zo', limit: 5 }, testDeadline())).map(
          ({ user }) => user.id,
        ),
      ).toEqual([nick.userId])
      expect(
        await hub().members(guild.id, { prefix: 'MEMBER1', limit: 2 }, testDeadline()),
      ).toHaveLength(2)
      expect(await hub().members(newId(), { after: '0', limit: 5 }, testDeadline())).toEqual([])
    })

    it('who come are told so wherever they are, and who go hear nothing more', async () => {
      const guild = await createGuild(hub())
      const by = guild.owner.user.id
      const user = aUser()
      const told: UserDelivery[] = []
      const stop = hub().subscribeUser(user.id, (delivery) => void told.push(delivery))
      const subscriber = {
        userId: user.id,
        sessionId: newId(),
        presence: ONLINE,
        deliver: () => {},
      }
      expect(await hub().subscribe(guild.id, subscriber, testDeadline())).toBeUndefined()

      await execute(hub(), guild.id, {
        type: 'member.add',
        by,
        user,
        nick: null,
        roles: [],
        joinedAt: 0,
        invited: true,
      })
      await vi.waitFor(() => expect(told).toEqual([{ kind: 'joined', guildId: guild.id }]), WAIT)
      const listener = await openSession(hub(), guild.id, user.id)
      expect(listener.view.me).toEqual(aMember(user, { joinedAt: 0 }))

      await execute(hub(), guild.id, { type: 'member.remove', by, userId: user.id })
      await vi.waitFor(() => expect(listener.removed).toBe(true), WAIT)
      await hub().publish(guild.id, anEvent(), testDeadline())
      const owner = await openSession(hub(), guild.id, by)
      await drain(hub(), guild.id, [owner])
      expect(listener.deliveries.at(-1)).toEqual({ kind: 'left', guildId: guild.id })
      expect(await hub().view(guild.id, user.id, testDeadline())).toBeUndefined()
      stop()
    })

    it('of a guild that is deleted are all out, and there is no such guild any more', async () => {
      const guild = await createGuild(hub())
      const listeners = await Promise.all(
        [...guild.state.members.keys()].map((user) => openSession(hub(), guild.id, user)),
      )
      await execute(hub(), guild.id, { type: 'guild.delete', by: guild.owner.user.id })
      await vi.waitFor(
        () => expect(listeners.every(({ removed: isOut }) => isOut)).toBe(true),
        WAIT,
      )
      expect(await hub().access(guild.id, guild.owner.user.id, undefined, testDeadline())).toEqual({
        kind: 'unknown-guild',
      })
      const subscriber = {
        userId: guild.owner.user.id,
        sessionId: newId(),
        presence: ONLINE,
        deliver: () => {},
      }
      expect(await hub().subscribe(guild.id, subscriber, testDeadline())).toBeUndefined()
    })
  })

  describe('presence', () => {
    const seen = (guild: GuildFixture, user: UserId) =>
      hub().presences(guild.id, [user, newId()], testDeadline())

    it('is that of the most present session, and is told to the others', async () => {
      const guild = await createGuild(hub())
      const user = guild.others[0]!.user.id
      const owner = await openSession(hub(), guild.id, guild.owner.user.id)
      const told = (): unknown[] =>
        owner.events('PRESENCE_UPDATE').flatMap(({ data }) => {
          const { user: who, status } = data as { user: { id: string }; status: string }
          return who.id === user ? [status] : []
        })
      const becomes = async (status: string): Promise<void> => {
        await vi.waitFor(() => expect(told().at(-1)).toBe(status), WAIT)
        expect((await seen(guild, user)).get(user)?.status ?? 'offline').toBe(status)
      }
      const idle = await openSession(hub(), guild.id, user, { status: 'idle', activities: [] })
      await becomes('idle')
      const busy = await openSession(hub(), guild.id, user, {
        status: 'dnd',
        activities: [{ name: 'a game', type: 0 }],
      })
      await becomes('dnd')
      expect((await seen(guild, user)).get(user)?.activities).toEqual([{ name: 'a game', type: 0 }])
      idle.subscription.setPresence(ONLINE)
      await becomes('online')
      idle.subscription.unsubscribe()
      await becomes('dnd')
      busy.subscription.unsubscribe()
      await becomes('offline')
      expect((await seen(guild, user)).size).toBe(0)
      expect(told()).toEqual(['idle', 'dnd', 'online', 'dnd', 'offline'])
    })

    it('of who hides is not told', async () => {
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

  describe('what concerns a user', () => {
    it('reaches all their listeners once, and nobody else', async () => {
      const [ada, grace, alan] = [newId(), newId(), newId()]
      const told = new Map<string, UserDelivery[]>()
      const hear = (user: UserId, name: string): (() => void) => {
        told.set(name, [])
        return hub().subscribeUser(user, (delivery) => void told.get(name)!.push(delivery))
      }
      const stops = [
        hear(ada, 'ada 1'),
        hear(ada, 'ada 2'),
        hear(grace, 'grace'),
        hear(alan, 'alan'),
      ]
      const events = Array.from({ length: 5 }, () => anEvent())
      for (const event of events)
        await Promise.all(
          [0, 1, 2].map(() => hub().publishToUsers([ada, grace, ada], event, testDeadline())),
        )
      const ids = (name: string) =>
        told.get(name)!.flatMap((d) => (d.kind === 'event' ? [d.event.id] : []))
      for (const name of ['ada 1', 'ada 2', 'grace'])
        await vi.waitFor(() => expect(ids(name)).toEqual(events.map(({ id }) => id)), WAIT)
      expect(told.get('alan')).toEqual([])
      for (const stop of stops) stop()
    })

    it('is heard until a listener stops; to stop twice silences nobody else', async () => {
      const user = newId()
      const heard: string[] = []
      const stop = hub().subscribeUser(user, () => void heard.push('first'))
      stop()
      const others = hub().subscribeUser(user, () => void heard.push('second'))
      stop()
      await hub().publishToUsers([user], anEvent(), testDeadline())
      await vi.waitFor(() => expect(heard).toEqual(['second']), WAIT)
      others()
    })
  })
}
