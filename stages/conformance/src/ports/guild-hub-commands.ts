import type { GuildCommand, GuildState } from '@threshold/domain'
import { evolve } from '@threshold/domain'
import { deadlineAfter, hasCode } from '@threshold/kit'
import { describe, expect, it, vi } from 'vitest'
import {
  aChannel,
  aGuild,
  allowView,
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
  expectHubMatchesStore,
  type HubFixture,
  hubState,
  ONLINE,
  openSession,
  WAIT,
} from './guild-hub-fixture.ts'

/** One command of each kind that writes, and what it leaves of the guild. */
const COMMANDS: Record<string, (guild: GuildFixture) => GuildCommand> = {
  'guild.edit': ({ owner }) => ({
    type: 'guild.edit',
    by: owner.user.id,
    patch: { name: 'renamed' },
  }),
  'guild.delete': ({ owner }) => ({ type: 'guild.delete', by: owner.user.id }),
  'channel.create': ({ owner, id }) => ({
    type: 'channel.create',
    by: owner.user.id,
    channel: aChannel(id),
  }),
  'channel.edit': ({ owner, text }) => ({
    type: 'channel.edit',
    by: owner.user.id,
    channelId: text.id,
    patch: { topic: 'new' },
  }),
  // Deleting the system channel writes twice: the guild no longer names it, and the channel goes.
  'channel.delete': ({ owner, text }) => ({
    type: 'channel.delete',
    by: owner.user.id,
    channelId: text.id,
  }),
  'role.create': ({ owner }) => ({ type: 'role.create', by: owner.user.id, role: aRole() }),
  'role.edit': ({ owner, id }) => ({
    type: 'role.edit',
    by: owner.user.id,
    roleId: id,
    patch: { permissions: '8' },
  }),
  'member.add': ({ owner }) => ({
    type: 'member.add',
    by: owner.user.id,
    user: aUser(),
    nick: null,
    roles: [],
    joinedAt: 0,
    invited: true,
  }),
  'member.edit': ({ owner, others }) => ({
    type: 'member.edit',
    by: owner.user.id,
    userId: others[0]!.user.id,
    patch: { nick: 'nick' },
  }),
  'member.remove': ({ owner, others }) => ({
    type: 'member.remove',
    by: owner.user.id,
    userId: others[0]!.user.id,
  }),
}

export function guildHubCommands(world: HubFixture): void {
  const { hub, store } = world
  const code = (...codes: string[]) =>
    expect.toSatisfy((error) => hasCode(error, ...codes), `an error of ${codes.join(' or ')}`)
  const harmless = ({ owner }: GuildFixture): GuildCommand => ({
    type: 'role.create',
    by: owner.user.id,
    role: aRole(),
  })

  describe('a command', () => {
    it.each(Object.keys(COMMANDS))(
      '%s is in the store once it is acknowledged, and told to who listens',
      async (kind) => {
        const guild = await createGuild(hub())
        const listener = await openSession(hub(), guild.id, guild.owner.user.id)
        const executed = await hub().execute(guild.id, COMMANDS[kind]!(guild), testDeadline())
        if (!executed.ok) throw new Error(executed.refusal)
        const after: GuildState | undefined =
          kind === 'guild.delete' ? undefined : executed.events.reduce(evolve, guild.state)
        expect(await store().real.loadGuild(guild.id, testDeadline())).toEqual(after)
        if (after) expect(await hubState(hub(), guild.id, guild.owner.user.id)).toEqual(after)
        await vi.waitFor(() => expect(listener.deliveries.length).toBeGreaterThan(1), WAIT)
      },
    )

    it('is not acknowledged, nor heard of, nor believed before the store has it', async () => {
      const guild = await createGuild(hub())
      const listener = await openSession(hub(), guild.id, guild.owner.user.id)
      const held = store().block('record')
      let acknowledged = false
      const executing = hub()
        .execute(guild.id, COMMANDS['channel.create']!(guild), testDeadline())
        .then(() => (acknowledged = true))
      await held.reached
      await drain(hub(), guild.id, [listener]) // the guild itself goes on meanwhile
      expect(acknowledged).toBe(false)
      expect(listener.events('CHANNEL_CREATE')).toEqual([])
      expect(await hubState(hub(), guild.id, guild.owner.user.id)).toEqual(guild.state)
      held.release()
      await executing
      await drain(hub(), guild.id, [listener])
      expect(listener.events('CHANNEL_CREATE')).toHaveLength(1)
      await expectHubMatchesStore(world, guild.id, guild.owner.user.id)
    })

    it('that is refused changes nothing and says why', async () => {
      const guild = await createGuild(hub())
      const [{ user }] = guild.others as [(typeof guild.others)[0]]
      const refused = await hub().execute(
        guild.id,
        { type: 'guild.delete', by: user.id },
        testDeadline(),
      )
      expect(refused).toEqual({ ok: false, refusal: 'no-permission' })
      expect(await store().real.loadGuild(guild.id, testDeadline())).toEqual(guild.state)
      expect(await hub().execute(newId(), harmless(guild), testDeadline())).toEqual({
        ok: false,
        refusal: 'unknown-guild',
      })
    })

    it('among many at once is decided on what those before it have left', async () => {
      const guild = await createGuild(hub())
      const by = guild.owner.user.id
      const channel = aChannel(guild.id)
      const make = Array.from({ length: 5 }, () =>
        hub().execute(guild.id, { type: 'channel.create', by, channel }, testDeadline()),
      )
      const roles = Array.from({ length: 10 }, () =>
        hub().execute(guild.id, harmless(guild), testDeadline()),
      )
      const made = await Promise.all(make)
      expect(made.filter((executed) => executed.ok && executed.events.length > 0)).toHaveLength(1)
      await Promise.all(roles)
      const state = await hubState(hub(), guild.id, by)
      expect([state.roles.size, state.channels.size]).toEqual([11, 3])
      await expectHubMatchesStore(world, guild.id, by)
    })
  })

  describe('when the store fails', () => {
    it.each(Object.keys(COMMANDS))(
      '%s leaves the guild as it was, for those who listen and for those who ask',
      async (kind) => {
        const guild = await createGuild(hub())
        const listener = await openSession(hub(), guild.id, guild.owner.user.id)
        {
          using _ = store().fail('record', 'before')
          await expect(
            hub().execute(guild.id, COMMANDS[kind]!(guild), testDeadline()),
          ).rejects.toEqual(code('UNAVAILABLE'))
        }
        await drain(hub(), guild.id, [listener])
        expect(
          listener.events().filter(({ type }) => !/^(TYPING_START|PRESENCE_UPDATE)$/.test(type)),
        ).toEqual([])
        expect(await hubState(hub(), guild.id, guild.owner.user.id)).toEqual(guild.state)
        await execute(hub(), guild.id, harmless(guild))
        await expectHubMatchesStore(world, guild.id, guild.owner.user.id)
      },
    )

    for (const when of ['after', 'midway'] as const) {
      it.each(Object.keys(COMMANDS))(
        `%s that was written ${when === 'after' ? 'all the same' : 'in part'} is taken back before anything else is written`,
        async (kind) => {
          const guild = await createGuild(hub())
          {
            using _ = store().fail('record', when)
            await expect(
              hub().execute(guild.id, COMMANDS[kind]!(guild), testDeadline()),
            ).rejects.toEqual(code('UNAVAILABLE'))
          }
          expect(await hubState(hub(), guild.id, guild.owner.user.id)).toEqual(guild.state)
          await execute(hub(), guild.id, harmless(guild))
          await expectHubMatchesStore(world, guild.id, guild.owner.user.id)
          expect((await hubState(hub(), guild.id, guild.owner.user.id)).channels).toEqual(
            guild.state.channels,
          )
        },
      )
    }

    it('a role that everybody has comes back to everybody', async () => {
      const guild = await createGuild(hub())
      const [by, role] = [guild.owner.user.id, aRole()]
      await execute(hub(), guild.id, { type: 'role.create', by, role })
      for (const { user } of guild.others)
        await execute(hub(), guild.id, {
          type: 'member.role',
          by,
          userId: user.id,
          roleId: role.id,
          has: true,
        })
      {
        using _ = store().fail('record', 'after')
        await expect(
          hub().execute(guild.id, { type: 'role.delete', by, roleId: role.id }, testDeadline()),
        ).rejects.toEqual(code('UNAVAILABLE'))
      }
      await execute(hub(), guild.id, harmless(guild))
      await expectHubMatchesStore(world, guild.id, by)
    })

    it('a category whose change was written in part is as before, with all of its channels, and so is a deleted role', async () => {
      const guild = await createGuild(hub())
      const [by, role, category] = [guild.owner.user.id, aRole(), aChannel(guild.id, { type: 4 })]
      await execute(hub(), guild.id, { type: 'role.create', by, role })
      await execute(hub(), guild.id, { type: 'channel.create', by, channel: category })
      for (let i = 0; i < 3; i++)
        await execute(hub(), guild.id, {
          type: 'channel.create',
          by,
          channel: aChannel(guild.id, { parentId: category.id }),
        })
      await execute(hub(), guild.id, {
        type: 'overwrite.put',
        by,
        channelId: category.id,
        overwrite: allowView(role.id, 0),
      })
      const before = await hubState(hub(), guild.id, by)
      expect(
        [...before.channels.values()].filter(({ overwrites }) => overwrites.length === 1),
      ).toHaveLength(4)
      for (const command of [
        { type: 'overwrite.put', by, channelId: category.id, overwrite: denyView(guild.id, 0) },
        { type: 'role.delete', by, roleId: role.id },
      ] satisfies GuildCommand[]) {
        {
          using _ = store().fail('record', 'midway')
          await expect(hub().execute(guild.id, command, testDeadline())).rejects.toEqual(
            code('UNAVAILABLE'),
          )
        }
        expect(await hubState(hub(), guild.id, by)).toEqual(before)
        await execute(hub(), guild.id, {
          type: 'guild.edit',
          by,
          patch: { name: guild.state.guild.name },
        })
        await expectHubMatchesStore(world, guild.id, by)
        expect(await hubState(hub(), guild.id, by)).toEqual(before)
      }
    })

    it('a command keeps its deadline, and so does one that waits behind it', async () => {
      const guild = await createGuild(hub())
      const held = store().block('record')
      const began = performance.now()
      const slow = [harmless(guild), harmless(guild)].map((command) =>
        hub().execute(guild.id, command, deadlineAfter(150)),
      )
      for (const one of await Promise.allSettled(slow))
        expect(one).toEqual({
          status: 'rejected',
          reason: code('DEADLINE_EXCEEDED', 'UNAVAILABLE'),
        })
      expect(performance.now() - began).toBeLessThan(5_000)
      held.release()
      await execute(hub(), guild.id, harmless(guild))
      await expectHubMatchesStore(world, guild.id, guild.owner.user.id)
    })

    it('a guild that could not be made is none', async () => {
      const guild = aGuild()
      {
        using _ = store().fail('createGuild', 'before')
        await expect(hub().create(guild.state, testDeadline())).rejects.toEqual(code('UNAVAILABLE'))
      }
      expect(await hub().view(guild.id, guild.owner.user.id, testDeadline())).toBeUndefined()
      await hub().create(guild.state, testDeadline())
      await expectHubMatchesStore(world, guild.id, guild.owner.user.id)
    })
  })

  describe('a guild that sleeps in the store', () => {
    const asleep = async (): Promise<GuildFixture> => {
      const guild = aGuild()
      await store().real.createGuild(guild.state, testDeadline())
      return guild
    }

    it('wakes up whole when it is asked for, also by many at once', async () => {
      const guild = await asleep()
      const listeners = await Promise.all(
        Array.from({ length: 10 }, () => openSession(hub(), guild.id, guild.owner.user.id)),
      )
      await drain(hub(), guild.id, listeners) // all ten are in the same guild
      expect(await hubState(hub(), guild.id, guild.owner.user.id)).toEqual(guild.state)
    })

    it('wakes up without what a deletion has left that its process did not survive', async () => {
      const { state, id, owner, others } = aGuild()
      const [role, category] = [newId(), newId()]
      const inside = aChannel(id, {
        parentId: category,
        overwrites: [denyView(role, 0), allowView(owner.user.id, 1)],
      })
      const holder = { ...others[0]!, roles: [role] }
      await store().real.createGuild(
        {
          ...state,
          guild: { ...state.guild, systemChannelId: category, afkChannelId: category },
          channels: new Map([...state.channels, [inside.id, inside]]),
          members: new Map([...state.members, [holder.user.id, holder]]),
        },
        testDeadline(),
      )
      expect(await hubState(hub(), id, owner.user.id)).toEqual({
        ...state,
        guild: { ...state.guild, systemChannelId: null },
        channels: new Map([
          ...state.channels,
          [inside.id, { ...inside, parentId: null, overwrites: [allowView(owner.user.id, 1)] }],
        ]),
      })
    })

    it('is not taken for none because the store is away', async () => {
      const guild = await asleep()
      const event = anEvent()
      {
        using _ = store().fail('loadGuild', 'before')
        const subscriber = {
          userId: guild.owner.user.id,
          sessionId: newId(),
          presence: ONLINE,
          deliver: () => {},
        }
        const asked = [
          hub().view(guild.id, guild.owner.user.id, testDeadline()),
          hub().access(guild.id, guild.owner.user.id, undefined, testDeadline()),
          hub().execute(guild.id, harmless(guild), testDeadline()),
          hub().publish(guild.id, event, testDeadline()),
          hub().subscribe(guild.id, subscriber, testDeadline()),
        ]
        for (const one of await Promise.allSettled(asked))
          expect(one).toEqual({ status: 'rejected', reason: code('UNAVAILABLE') })
      }
      const listener = await openSession(hub(), guild.id, guild.owner.user.id)
      await hub().publish(guild.id, event, testDeadline()) // what was not published may be published again
      await drain(hub(), guild.id, [listener])
      expect(listener.events('MESSAGE_CREATE')).toEqual([event])
    })

    it('keeps nobody beyond their deadline, and is there for who waits longer', async () => {
      const guild = await asleep()
      const held = store().block('loadGuild')
      const view = (ms: number) => hub().view(guild.id, guild.owner.user.id, deadlineAfter(ms))
      const [hasty, patient] = [view(100), view(20_000)]
      await expect(hasty).rejects.toEqual(code('DEADLINE_EXCEEDED'))
      held.release()
      expect((await patient)?.guild).toEqual(guild.state.guild)
    })
  })
}
