import { compareIds, Permission, type UserId } from '@threshold/contract'
import { channelPermissions, guildPermissions, type Member } from '@threshold/domain'
import { describe, expect, it, vi } from 'vitest'
import {
  aGuild,
  allowView,
  aMember,
  aRole,
  aUser,
  denyView,
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
  openUserSession,
  WAIT,
} from './guild-hub-fixture.ts'

/** Access and membership. */
export function guildHubMembers(fixture: HubFixture): void {
  const { hub } = fixture
  describe('access', () => {
    it('equals the permissions of roles and overwrites, in the guild and in each channel', async () => {
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
      const accessOf = (permissionsOf: (member: Member) => bigint) =>
        new Map(
          members.map((member) => [member.user.id, { member, permissions: permissionsOf(member) }]),
        )
      const users = [newId(), ...members.map(({ user }) => user.id)]
      expect(await hub().access(id, users, undefined, testDeadline())).toEqual({
        kind: 'found',
        members: accessOf((member) => guildPermissions(mixed, member)),
      })
      for (const channel of channels)
        expect(await hub().access(id, users, channel.id, testDeadline())).toEqual({
          kind: 'found',
          channel,
          members: accessOf((member) => channelPermissions(mixed, member, channel)),
        })
    })

    it('has no entry for a non-member, and tells an unknown channel from an unknown guild', async () => {
      const guild = await createGuild(hub())
      const owner = guild.owner.user.id
      const members = new Map()
      expect(await hub().access(guild.id, [newId()], undefined, testDeadline())).toEqual({
        kind: 'found',
        members,
      })
      expect(await hub().access(guild.id, [], guild.text.id, testDeadline())).toEqual({
        kind: 'found',
        channel: guild.text,
        members,
      })
      expect(await hub().access(guild.id, [owner], newId(), testDeadline())).toEqual({
        kind: 'unknown-channel',
      })
      expect(await hub().access(newId(), [owner], undefined, testDeadline())).toEqual({
        kind: 'unknown-guild',
      })
    })
  })

  describe('members', () => {
    it('are found by id, by name and by page, and follow the events', async () => {
      const guild = await createGuild(hub(), 12)
      const by = guild.owner.user.id
      const removed = guild.others[3]!.user.id
      const nick = {
        type: 'member.edit',
        by,
        userId: guild.others[4]!.user.id,
        patch: { nick: 'Zoë' },
      } as const
      await execute(hub(), guild.id, { type: 'member.remove', by, userId: removed })
      await execute(hub(), guild.id, nick)
      const left = [...guild.state.members.keys()]
        .filter((id) => id !== removed)
        .toSorted(compareIds)

      const paged: UserId[] = []
      for (let after = '0'; ; after = paged.at(-1)!) {
        const page = await hub().members(guild.id, { after, limit: 5 }, testDeadline())
        if (page.length === 0) break
        paged.push(...page.map(({ user }) => user.id))
      }
      expect(paged).toEqual(left)
      expect(
        (
          await hub().members(guild.id, { ids: [removed, nick.userId, newId()] }, testDeadline())
        ).map(({ user }) => user.id),
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

    it('are notified when they join, and receive nothing after they leave', async () => {
      const guild = await createGuild(hub())
      const by = guild.owner.user.id
      const user = aUser()
      const { deliveries, subscription } = await openUserSession(fixture, user)
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
      await vi.waitFor(
        () => expect(deliveries.slice(1)).toMatchObject([{ kind: 'joined', guildId: guild.id }]),
        WAIT,
      )
      const session = await openSession(hub(), guild.id, user.id)
      expect(session.view.me).toEqual(aMember(user, { joinedAt: 0 }))

      await execute(hub(), guild.id, { type: 'member.remove', by, userId: user.id })
      await vi.waitFor(() => expect(session.removed).toBe(true), WAIT)
      await hub().publish(guild.id, anEvent(), testDeadline())
      const owner = await openSession(hub(), guild.id, by)
      await drain(hub(), guild.id, [owner])
      expect(session.deliveries.at(-1)).toEqual({ kind: 'left', guildId: guild.id })
      expect(await hub().view(guild.id, user.id, testDeadline())).toBeUndefined()
      subscription.unsubscribe()
    })

    it('of a deleted guild are all removed, and the guild is unknown', async () => {
      const guild = await createGuild(hub())
      const sessions = await Promise.all(
        [...guild.state.members.keys()].map((user) => openSession(hub(), guild.id, user)),
      )
      await execute(hub(), guild.id, { type: 'guild.delete', by: guild.owner.user.id })
      await vi.waitFor(() => expect(sessions.every(({ removed }) => removed)).toBe(true), WAIT)
      const owner = guild.owner.user.id
      expect(await hub().access(guild.id, [owner], undefined, testDeadline())).toEqual({
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
}
