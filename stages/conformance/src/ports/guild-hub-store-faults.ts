import type { GuildCommand } from '@threshold/domain'
import { deadlineAfter } from '@threshold/kit'
import { describe, expect, it } from 'vitest'
import { aChannel, aGuild, allowView, aRole, denyView, testDeadline } from './fixtures.ts'
import {
  createGuild,
  drain,
  execute,
  expectHubMatchesStore,
  type HubFixture,
  hubState,
  openSession,
} from './guild-hub-fixture.ts'
import { COMMANDS, createRole, errorWith } from './guild-hub-sample-commands.ts'

/** Commands while the store fails or hangs. */
export function guildHubStoreFaults(fixture: HubFixture): void {
  const { hub, store } = fixture

  describe('when the store fails', () => {
    it.each(Object.keys(COMMANDS))('%s changes nothing for sessions and queries', async (kind) => {
      const guild = await createGuild(hub())
      const session = await openSession(hub(), guild.id, guild.owner.user.id)
      {
        using _ = store().fail('record', 'before')
        await expect(
          hub().execute(guild.id, COMMANDS[kind]!(guild), testDeadline()),
        ).rejects.toEqual(errorWith('UNAVAILABLE'))
      }
      await drain(hub(), guild.id, [session])
      expect(
        session.events().filter(({ type }) => !/^(TYPING_START|PRESENCE_UPDATE)$/.test(type)),
      ).toEqual([])
      expect(await hubState(hub(), guild.id, guild.owner.user.id)).toEqual(guild.state)
      await execute(hub(), guild.id, createRole(guild))
      await expectHubMatchesStore(fixture, guild.id, guild.owner.user.id)
    })

    for (const when of ['after', 'midway'] as const) {
      it.each(Object.keys(COMMANDS))(
        `%s that was written ${when === 'after' ? 'completely' : 'in part'} is undone before the next write`,
        async (kind) => {
          const guild = await createGuild(hub())
          {
            using _ = store().fail('record', when)
            await expect(
              hub().execute(guild.id, COMMANDS[kind]!(guild), testDeadline()),
            ).rejects.toEqual(errorWith('UNAVAILABLE'))
          }
          expect(await hubState(hub(), guild.id, guild.owner.user.id)).toEqual(guild.state)
          await execute(hub(), guild.id, createRole(guild))
          await expectHubMatchesStore(fixture, guild.id, guild.owner.user.id)
          expect((await hubState(hub(), guild.id, guild.owner.user.id)).channels).toEqual(
            guild.state.channels,
          )
        },
      )
    }

    it('a deleted role is restored to all of its members', async () => {
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
        ).rejects.toEqual(errorWith('UNAVAILABLE'))
      }
      await execute(hub(), guild.id, createRole(guild))
      await expectHubMatchesStore(fixture, guild.id, by)
    })

    it('a partly written change of a category or role is undone with all of its channels', async () => {
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
            errorWith('UNAVAILABLE'),
          )
        }
        expect(await hubState(hub(), guild.id, by)).toEqual(before)
        await execute(hub(), guild.id, {
          type: 'guild.edit',
          by,
          patch: { name: guild.state.guild.name },
        })
        await expectHubMatchesStore(fixture, guild.id, by)
        expect(await hubState(hub(), guild.id, by)).toEqual(before)
      }
    })

    it('a command keeps its deadline, also while it waits for another', async () => {
      const guild = await createGuild(hub())
      const blocked = store().block('record')
      const began = performance.now()
      const slow = [createRole(guild), createRole(guild)].map((command) =>
        hub().execute(guild.id, command, deadlineAfter(150)),
      )
      for (const outcome of await Promise.allSettled(slow))
        expect(outcome).toEqual({
          status: 'rejected',
          reason: errorWith('DEADLINE_EXCEEDED', 'UNAVAILABLE'),
        })
      expect(performance.now() - began).toBeLessThan(5_000)
      blocked.release()
      await execute(hub(), guild.id, createRole(guild))
      await expectHubMatchesStore(fixture, guild.id, guild.owner.user.id)
    })

    it('a guild that could not be created does not exist', async () => {
      const guild = aGuild()
      {
        using _ = store().fail('createGuild', 'before')
        await expect(hub().create(guild.state, testDeadline())).rejects.toEqual(
          errorWith('UNAVAILABLE'),
        )
      }
      expect(await hub().view(guild.id, guild.owner.user.id, testDeadline())).toBeUndefined()
      await hub().create(guild.state, testDeadline())
      await expectHubMatchesStore(fixture, guild.id, guild.owner.user.id)
    })
  })
}
