import { ALL_PERMISSIONS, Permission } from '@threshold/contract'
import { NO_ACCESS, NO_PERMISSION } from '../../api-client.ts'
import type { Case } from '../../case.ts'
import { expectEqual, expectIncludes, expectTrue } from '../../expect.ts'
import { MEMBER_PERMISSIONS, type TestGuild } from '../../test-guild.ts'

const { SendMessages, ViewChannel, ReadMessageHistory, ManageMessages, Administrator } = Permission

const expectMayWrite = async (guild: TestGuild, content: string): Promise<void> => {
  const response = await guild.member.api.request(
    'POST',
    `/channels/${guild.textChannelId}/messages`,
    {
      content: content,
    },
  )
  expectEqual(response.status, 200, `may write: ${content}`)
}
const expectMayNotWrite = async (guild: TestGuild): Promise<void> => {
  await guild.member.api.expectError(
    NO_PERMISSION,
    'POST',
    `/channels/${guild.textChannelId}/messages`,
    {
      content: 'hi',
    },
  )
}

/**
 * Discord computes permissions in this order: @everyone, the member's roles, then the channel's
 * overwrites for @everyone, for all of the member's roles together, and for the member.
 */
export const permissionCases: readonly Case[] = [
  {
    id: 'rest.permissions.everyone',
    title: 'A member’s role adds permissions that @everyone lacks',
    covers: ['intro.silence'],
    async run(fixture) {
      const guild = await fixture.guild({ everyonePermissions: MEMBER_PERMISSIONS & ~SendMessages })
      await expectMayNotWrite(guild)
      await guild.grantPermissions(guild.member, SendMessages)
      await expectMayWrite(guild, 'with a role')
    },
  },
  {
    id: 'rest.permissions.overwrite-everyone',
    title: 'An overwrite for @everyone takes away permissions that roles gave',
    covers: ['intro.silence'],
    async run(fixture) {
      const guild = await fixture.guild()
      await guild.grantPermissions(guild.member, SendMessages)
      await expectMayWrite(guild, 'before')
      await guild.setOverwrite(guild.textChannelId, guild.id, 0, { deny: SendMessages })
      await expectMayNotWrite(guild)
    },
  },
  {
    id: 'rest.permissions.overwrite-role',
    title:
      'An overwrite for a role takes precedence over the one for @everyone; among roles, ' +
      'allow wins over deny',
    covers: ['intro.silence'],
    async run(fixture) {
      const guild = await fixture.guild()
      const [allowed, denied] = [await guild.createRole(0n), await guild.createRole(0n)]
      await guild.setOverwrite(guild.textChannelId, guild.id, 0, { deny: SendMessages })
      await guild.setOverwrite(guild.textChannelId, allowed.id, 0, { allow: SendMessages })
      await guild.setOverwrite(guild.textChannelId, denied.id, 0, { deny: SendMessages })
      await expectMayNotWrite(guild)
      await guild.giveRole(guild.member, allowed.id)
      await expectMayWrite(guild, 'with a role that allows')
      await guild.giveRole(guild.member, denied.id)
      await expectMayWrite(guild, 'with a role that denies as well')
      await guild.owner.api.delete(
        `/guilds/${guild.id}/members/${guild.member.id}/roles/${allowed.id}`,
      )
      await expectMayNotWrite(guild)
    },
  },
  {
    id: 'rest.permissions.overwrite-member',
    title: 'An overwrite for a member takes precedence over all others',
    covers: ['intro.silence'],
    async run(fixture) {
      const guild = await fixture.guild()
      const role = await guild.grantPermissions(guild.member, 0n)
      await guild.setOverwrite(guild.textChannelId, role.id, 0, { allow: SendMessages })
      await guild.setOverwrite(guild.textChannelId, guild.member.id, 1, { deny: SendMessages })
      await expectMayNotWrite(guild)
      await guild.setOverwrite(guild.textChannelId, role.id, 0, { deny: SendMessages })
      await guild.setOverwrite(guild.textChannelId, guild.member.id, 1, { allow: SendMessages })
      await expectMayWrite(guild, 'as the one exception')
    },
  },
  {
    id: 'rest.permissions.administrator',
    title: 'An administrator is not limited by overwrites',
    covers: ['intro.silence'],
    async run(fixture) {
      const guild = await fixture.guild()
      await guild.setOverwrite(guild.textChannelId, guild.id, 0, {
        deny: SendMessages | ViewChannel,
      })
      await guild.setOverwrite(guild.textChannelId, guild.member.id, 1, {
        deny: SendMessages | ViewChannel,
      })
      await guild.member.api.expectError(NO_ACCESS, 'GET', `/channels/${guild.textChannelId}`)
      await guild.grantPermissions(guild.member, Administrator)
      await expectMayWrite(guild, 'as an administrator')
    },
  },
  {
    id: 'rest.permissions.owner',
    title: 'The owner may do everything, whatever the roles and overwrites',
    covers: ['intro.silence'],
    async run(fixture) {
      const guild = await fixture.guild({ everyonePermissions: 0n })
      await guild.setOverwrite(guild.textChannelId, guild.owner.id, 1, {
        deny: SendMessages | ViewChannel,
      })
      await guild.send('mine')
    },
  },
  {
    id: 'rest.permissions.view-first',
    title:
      'A user who cannot view a channel can do nothing in it, whatever else an overwrite allows',
    covers: ['intro.silence', 'errors.50001'],
    async run(fixture) {
      const guild = await fixture.guild()
      await guild.setOverwrite(guild.textChannelId, guild.id, 0, { deny: ViewChannel })
      await guild.setOverwrite(guild.textChannelId, guild.member.id, 1, {
        allow: SendMessages | ReadMessageHistory | ManageMessages,
      })
      await guild.member.api.expectError(
        NO_ACCESS,
        'POST',
        `/channels/${guild.textChannelId}/messages`,
        {
          content: 'hi',
        },
      )
      await guild.member.api.expectError(
        NO_ACCESS,
        'GET',
        `/channels/${guild.textChannelId}/messages`,
      )
    },
  },
  {
    id: 'rest.permissions.history',
    title: 'Without READ_MESSAGE_HISTORY a channel’s history is empty and no message can be read',
    covers: ['intro.silence'],
    async run(fixture) {
      const guild = await fixture.guild()
      const { id } = await guild.send('before')
      await guild.setOverwrite(guild.textChannelId, guild.id, 0, { deny: ReadMessageHistory })
      expectEqual(
        await guild.member.api.get(`/channels/${guild.textChannelId}/messages`),
        [],
        'the history',
      )
      await guild.member.api.expectError(
        NO_PERMISSION,
        'GET',
        `/channels/${guild.textChannelId}/messages/${id}`,
      )
      await expectMayWrite(guild, 'all the same')
    },
  },
  {
    id: 'rest.permissions.at-once',
    title: 'A change of permissions applies to the next request',
    covers: ['intro.silence'],
    async run(fixture) {
      const guild = await fixture.guild()
      const everyone = `/guilds/${guild.id}/roles/${guild.id}`
      for (let i = 0; i < 3; i++) {
        await guild.owner.api.patch(everyone, {
          permissions: String(MEMBER_PERMISSIONS & ~ViewChannel),
        })
        await guild.member.api.expectError(NO_ACCESS, 'GET', `/channels/${guild.textChannelId}`)
        await guild.owner.api.patch(everyone, { permissions: String(MEMBER_PERMISSIONS) })
        await expectMayWrite(guild, `again ${i}`)
      }
    },
  },
  {
    id: 'rest.permissions.strings',
    title: 'Permissions are 64-bit integers in strings, and keep bits beyond 2^53',
    covers: ['gateway.everyone'],
    async run(fixture) {
      const guild = await fixture.guild()
      const bits = (1n << 52n) | (1n << 50n) | (1n << 49n) | SendMessages
      const role = await guild.createRole(bits)
      expectIncludes(role, { permissions: String(bits) }, 'the role')
      expectTrue(bits > BigInt(Number.MAX_SAFE_INTEGER) / 2n, 'the bits are beyond 2^52')
      await guild.setOverwrite(guild.textChannelId, role.id, 0, { allow: bits })
      const channel = await guild.owner.api.get<{ permission_overwrites: unknown }>(
        `/channels/${guild.textChannelId}`,
      )
      expectEqual(
        channel.permission_overwrites,
        [{ id: role.id, type: 0, allow: String(bits), deny: '0' }],
        'the overwrite',
      )
    },
  },
  {
    id: 'rest.permissions.unknown-bits',
    title:
      'Unknown permission bits are dropped and do not refuse the request: py-cord’s “all” is ' +
      '2^53 − 1',
    covers: ['intro.silence'],
    async run(fixture) {
      const guild = await fixture.guild()
      const every = 2n ** 62n - 1n
      const known = String(ALL_PERMISSIONS & every)
      const role = await guild.createRole(every)
      expectIncludes(role, { permissions: known }, 'a role')
      expectIncludes(
        await guild.owner.api.patch(`/guilds/${guild.id}/roles/${role.id}`, {
          permissions: String(every),
        }),
        { permissions: known },
        'edited',
      )
      await guild.setOverwrite(guild.textChannelId, role.id, 0, { allow: every })
      const created = await guild.createChannel({
        permission_overwrites: [{ id: role.id, type: 0, allow: '0', deny: String(every) }],
      })
      expectIncludes(
        created,
        { permission_overwrites: [{ id: role.id, type: 0, allow: '0', deny: known }] },
        'a channel',
      )
    },
  },
]
