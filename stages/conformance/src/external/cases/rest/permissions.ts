import { ALL_PERMISSIONS, Permission } from '@threshold/contract'
import type { Case } from '../../case.ts'
import { holds, includes, same } from '../../expect.ts'
import { type TestGuild, USUAL } from '../../guild.ts'
import { NO_ACCESS, NO_PERMISSION } from '../../rest.ts'

const { SendMessages, ViewChannel, ReadMessageHistory, ManageMessages, Administrator } = Permission

const mayWrite = async (guild: TestGuild, what: string): Promise<void> => {
  const answer = await guild.member.api.call('POST', `/channels/${guild.text}/messages`, {
    content: what,
  })
  same(answer.status, 200, `may write: ${what}`)
}
const mayNotWrite = async (guild: TestGuild): Promise<void> => {
  await guild.member.api.refused(NO_PERMISSION, 'POST', `/channels/${guild.text}/messages`, {
    content: 'hi',
  })
}

/**
 * Discord's order: @everyone, roles, then the channel's overwrites for @everyone, for roles
 * together, for the member.
 */
export const permissionCases: readonly Case[] = [
  {
    id: 'rest.permissions.everyone',
    sentence: 'What @everyone’s role lacks, a member’s roles may give',
    async run(world) {
      const guild = await world.guild({ everyone: USUAL & ~SendMessages })
      await mayNotWrite(guild)
      await guild.grant(guild.member, SendMessages)
      await mayWrite(guild, 'with a role')
    },
  },
  {
    id: 'rest.permissions.overwrite-everyone',
    sentence: 'An overwrite for @everyone takes away what roles gave',
    async run(world) {
      const guild = await world.guild()
      await guild.grant(guild.member, SendMessages)
      await mayWrite(guild, 'before')
      await guild.overwrite(guild.text, guild.id, 0, { deny: SendMessages })
      await mayNotWrite(guild)
    },
  },
  {
    id: 'rest.permissions.overwrite-role',
    sentence:
      'An overwrite for a role stands above that for @everyone; among roles allowing stands above denying',
    async run(world) {
      const guild = await world.guild()
      const [allowed, denied] = [await guild.role(0n), await guild.role(0n)]
      await guild.overwrite(guild.text, guild.id, 0, { deny: SendMessages })
      await guild.overwrite(guild.text, allowed.id, 0, { allow: SendMessages })
      await guild.overwrite(guild.text, denied.id, 0, { deny: SendMessages })
      await mayNotWrite(guild)
      await guild.give(guild.member, allowed.id)
      await mayWrite(guild, 'with a role that allows')
      await guild.give(guild.member, denied.id)
      await mayWrite(guild, 'with a role that denies as well')
      await guild.owner.api.delete(
        `/guilds/${guild.id}/members/${guild.member.id}/roles/${allowed.id}`,
      )
      await mayNotWrite(guild)
    },
  },
  {
    id: 'rest.permissions.overwrite-member',
    sentence: 'An overwrite for a member has the last word',
    async run(world) {
      const guild = await world.guild()
      const role = await guild.grant(guild.member, 0n)
      await guild.overwrite(guild.text, role.id, 0, { allow: SendMessages })
      await guild.overwrite(guild.text, guild.member.id, 1, { deny: SendMessages })
      await mayNotWrite(guild)
      await guild.overwrite(guild.text, role.id, 0, { deny: SendMessages })
      await guild.overwrite(guild.text, guild.member.id, 1, { allow: SendMessages })
      await mayWrite(guild, 'as the one exception')
    },
  },
  {
    id: 'rest.permissions.administrator',
    sentence: 'An administrator stands above every overwrite',
    async run(world) {
      const guild = await world.guild()
      await guild.overwrite(guild.text, guild.id, 0, { deny: SendMessages | ViewChannel })
      await guild.overwrite(guild.text, guild.member.id, 1, { deny: SendMessages | ViewChannel })
      await guild.member.api.refused(NO_ACCESS, 'GET', `/channels/${guild.text}`)
      await guild.grant(guild.member, Administrator)
      await mayWrite(guild, 'as an administrator')
    },
  },
  {
    id: 'rest.permissions.owner',
    sentence: 'The owner may do everything, whatever roles and overwrites say',
    async run(world) {
      const guild = await world.guild({ everyone: 0n })
      await guild.overwrite(guild.text, guild.owner.id, 1, { deny: SendMessages | ViewChannel })
      await guild.say('mine')
    },
  },
  {
    id: 'rest.permissions.view-first',
    sentence: 'Who cannot view a channel can do nothing in it, whatever else is allowed there',
    async run(world) {
      const guild = await world.guild()
      await guild.overwrite(guild.text, guild.id, 0, { deny: ViewChannel })
      await guild.overwrite(guild.text, guild.member.id, 1, {
        allow: SendMessages | ReadMessageHistory | ManageMessages,
      })
      await guild.member.api.refused(NO_ACCESS, 'POST', `/channels/${guild.text}/messages`, {
        content: 'hi',
      })
      await guild.member.api.refused(NO_ACCESS, 'GET', `/channels/${guild.text}/messages`)
    },
  },
  {
    id: 'rest.permissions.history',
    sentence:
      'Without READ_MESSAGE_HISTORY a channel’s history is empty, and none of its messages can be read',
    async run(world) {
      const guild = await world.guild()
      const { id } = await guild.say('before')
      await guild.overwrite(guild.text, guild.id, 0, { deny: ReadMessageHistory })
      same(await guild.member.api.get(`/channels/${guild.text}/messages`), [], 'the history')
      await guild.member.api.refused(NO_PERMISSION, 'GET', `/channels/${guild.text}/messages/${id}`)
      await mayWrite(guild, 'all the same')
    },
  },
  {
    id: 'rest.permissions.at-once',
    sentence: 'A change of permissions holds for the very next request, and so does taking it back',
    async run(world) {
      const guild = await world.guild()
      const everyone = `/guilds/${guild.id}/roles/${guild.id}`
      for (let i = 0; i < 3; i++) {
        await guild.owner.api.patch(everyone, { permissions: String(USUAL & ~ViewChannel) })
        await guild.member.api.refused(NO_ACCESS, 'GET', `/channels/${guild.text}`)
        await guild.owner.api.patch(everyone, { permissions: String(USUAL) })
        await mayWrite(guild, `again ${i}`)
      }
    },
  },
  {
    id: 'rest.permissions.strings',
    sentence: 'Permissions are strings of 64 bits, and keep bits beyond 2^53',
    async run(world) {
      const guild = await world.guild()
      const bits = (1n << 52n) | (1n << 50n) | (1n << 49n) | SendMessages
      const role = await guild.role(bits)
      includes(role, { permissions: String(bits) }, 'the role')
      holds(bits > BigInt(Number.MAX_SAFE_INTEGER) / 2n, 'the bits are high ones')
      await guild.overwrite(guild.text, role.id, 0, { allow: bits })
      const channel = await guild.owner.api.get<{ permission_overwrites: unknown }>(
        `/channels/${guild.text}`,
      )
      same(
        channel.permission_overwrites,
        [{ id: role.id, type: 0, allow: String(bits), deny: '0' }],
        'the overwrite',
      )
    },
  },
  {
    id: 'rest.permissions.unknown-bits',
    sentence:
      'Bits that stand for no permission are dropped and refuse nothing: py-cord’s “all” is 2^53 − 1',
    async run(world) {
      const guild = await world.guild()
      const every = 2n ** 62n - 1n
      const known = String(ALL_PERMISSIONS & every)
      const role = await guild.role(every)
      includes(role, { permissions: known }, 'a role')
      includes(
        await guild.owner.api.patch(`/guilds/${guild.id}/roles/${role.id}`, {
          permissions: String(every),
        }),
        { permissions: known },
        'edited',
      )
      await guild.overwrite(guild.text, role.id, 0, { allow: every })
      const made = await guild.channel({
        permission_overwrites: [{ id: role.id, type: 0, allow: '0', deny: String(every) }],
      })
      includes(
        made,
        { permission_overwrites: [{ id: role.id, type: 0, allow: '0', deny: known }] },
        'a channel',
      )
    },
  },
]
