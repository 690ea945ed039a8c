import type { APIMessage } from 'discord-api-types/v10'
import type { Case } from '../../case.ts'
import { expectEqual, expectIncludes } from '../../expect.ts'
import { UNKNOWN_ID } from '../../snowflakes.ts'

export const mentionCases: readonly Case[] = [
  {
    id: 'rest.messages.send.mentions',
    title:
      'Mentions of users and roles are listed if they exist and `allowed_mentions` permits them',
    covers: ['intro.silence'],
    async run(fixture) {
      const guild = await fixture.guild()
      const role = await guild.createRole(0n, { mentionable: true })
      const path = `/channels/${guild.textChannelId}/messages`
      const content = `<@${guild.member.id}> <@!${guild.owner.id}> <@${UNKNOWN_ID}> <@&${role.id}>`
      const message = await guild.owner.api.post<APIMessage>(path, { content })
      expectEqual(
        new Set(message.mentions.map((user) => user.id)),
        new Set([guild.member.id, guild.owner.id]),
        'the mentioned users',
      )
      expectIncludes(
        message.mentions.find((user) => user.id === guild.member.id),
        { username: guild.member.username },
        'a mentioned user',
      )
      expectEqual(message.mention_roles, [role.id], 'the mentioned roles')
      const silent = await guild.owner.api.post<APIMessage>(path, {
        content,
        allowed_mentions: { parse: [] },
      })
      expectIncludes(silent, { content, mentions: [], mention_roles: [] }, 'with nothing allowed')
      const one = await guild.owner.api.post<APIMessage>(path, {
        content,
        allowed_mentions: { users: [guild.member.id] },
      })
      expectEqual(
        one.mentions.map((user) => user.id),
        [guild.member.id],
        'with one user allowed',
      )
    },
  },
  {
    id: 'rest.messages.send.mention-everyone',
    title: 'Mentioning `@everyone` or a role that is not mentionable needs MENTION_EVERYONE',
    covers: ['intro.silence'],
    async run(fixture) {
      const guild = await fixture.guild()
      const role = await guild.createRole(0n, { mentionable: false })
      const path = `/channels/${guild.textChannelId}/messages`
      const content = `@everyone <@&${role.id}>`
      expectIncludes(
        await guild.owner.api.post(path, { content }),
        { mention_everyone: true, mention_roles: [role.id] },
        'the owner’s message',
      )
      expectIncludes(
        await guild.member.api.post(path, { content }),
        { mention_everyone: false, mention_roles: [] },
        'a member’s message',
      )
      expectIncludes(
        await guild.owner.api.post(path, { content: 'hello @here' }),
        { mention_everyone: true },
        '@here',
      )
    },
  },
]
