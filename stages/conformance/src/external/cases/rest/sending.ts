import { Permission } from '@threshold/contract'
import type { APIMessage } from 'discord-api-types/v10'
import { EMPTY, invalid, NO_PERMISSION } from '../../api-client.ts'
import type { Case } from '../../case.ts'
import {
  expectEqual,
  expectFields,
  expectIncludes,
  expectSnowflake,
  expectTrue,
} from '../../expect.ts'

/**
 * Without `mentions, mention_roles, attachments, embeds` eris drops a message; the others are read
 * by all.
 */
export const MESSAGE_FIELDS = [
  'id',
  'channel_id',
  'author',
  'content',
  'timestamp',
  'edited_timestamp',
  'tts',
  'mention_everyone',
  'mentions',
  'mention_roles',
  'attachments',
  'embeds',
  'pinned',
  'type',
]

export const sendingCases: readonly Case[] = [
  {
    id: 'rest.messages.send',
    title: 'A message is sent, and answered whole',
    async run(fixture) {
      const guild = await fixture.guild()
      const answer = await guild.member.api.request('POST', `/channels/${guild.textId}/messages`, {
        content: 'hello',
      })
      expectEqual(answer.status, 200, 'status')
      const message = answer.body as APIMessage
      expectFields(message, MESSAGE_FIELDS, 'a message')
      expectSnowflake(message.id, 'id')
      const plain = {
        channel_id: guild.textId,
        content: 'hello',
        type: 0,
        tts: false,
        pinned: false,
        edited_timestamp: null,
        mention_everyone: false,
      }
      expectIncludes(
        message,
        { ...plain, mentions: [], mention_roles: [], attachments: [], embeds: [] },
        'the message',
      )
      expectIncludes(
        message.author,
        { id: guild.member.id, username: guild.member.username },
        'its author',
      )
      expectTrue(
        Math.abs(Date.parse(message.timestamp) - Date.now()) < 120_000,
        'sent just now',
        message.timestamp,
      )
      expectIncludes(
        await guild.owner.api.get(`/channels/${guild.textId}/messages/${message.id}`),
        { ...message },
        'the message, read by another',
      )
    },
  },
  {
    id: 'rest.messages.send.length',
    title: 'A message has at most 2,000 characters; 2,001 are `BASE_TYPE_MAX_LENGTH`',
    async run(fixture) {
      const guild = await fixture.guild()
      const path = `/channels/${guild.textId}/messages`
      const longest = 'x'.repeat(2_000)
      expectEqual(
        (await guild.owner.api.post<APIMessage>(path, { content: longest })).content,
        longest,
        'the longest message',
      )
      await guild.owner.api.expectError(invalid('content', 'BASE_TYPE_MAX_LENGTH'), 'POST', path, {
        content: `${longest}x`,
      })
    },
  },
  {
    id: 'rest.messages.send.length.code-points',
    title:
      'Characters are code points, counted after trimming: 1,001 emoji are a message, and 2,000 characters with blanks around them',
    async run(fixture) {
      const guild = await fixture.guild()
      const path = `/channels/${guild.textId}/messages`
      for (const content of ['🦑'.repeat(1_001), '🦑'.repeat(2_000)])
        expectEqual(
          (await guild.owner.api.post<APIMessage>(path, { content })).content,
          content,
          'emoji',
        )
      const longest = 'x'.repeat(2_000)
      const padded = await guild.owner.api.post<APIMessage>(path, { content: ` ${longest}   ` })
      expectEqual(padded.content, longest, 'the longest message, trimmed')
      expectEqual(
        (
          await guild.owner.api.patch<APIMessage>(`${path}/${padded.id}`, {
            content: `${longest}\n `,
          })
        ).content,
        longest,
        'an edit',
      )
      await guild.owner.api.expectError(invalid('content', 'BASE_TYPE_MAX_LENGTH'), 'POST', path, {
        content: '🦑'.repeat(2_001),
      })
    },
  },
  {
    id: 'rest.messages.send.empty',
    title:
      'A message without text, and without an embed that shows something, is 50006, and nothing is sent',
    async run(fixture) {
      const guild = await fixture.guild()
      const path = `/channels/${guild.textId}/messages`
      for (const body of [
        {},
        { content: '' },
        { content: null },
        { content: ' \n\t ' },
        { embeds: [] },
        { embeds: [{}, { color: 5 }] },
      ])
        await guild.owner.api.expectError(EMPTY, 'POST', path, body)
      expectEqual(await guild.owner.api.get(path), [], 'the history')
    },
  },
  {
    id: 'rest.messages.send.refused',
    title:
      'Without SEND_MESSAGES nothing is sent (50013), nor into a channel that holds no messages',
    async run(fixture) {
      const guild = await fixture.guild()
      await guild.setOverwrite(guild.textId, guild.id, 0, { deny: Permission.SendMessages })
      await guild.member.api.expectError(
        NO_PERMISSION,
        'POST',
        `/channels/${guild.textId}/messages`,
        {
          content: 'hi',
        },
      )
      const category = await guild.createChannel({ type: 4 })
      await guild.owner.api.expectError(
        { status: 400, code: 50008 },
        'POST',
        `/channels/${category.id}/messages`,
        { content: 'hi' },
      )
    },
  },
  {
    id: 'rest.messages.send.reply',
    title: 'A reply names what it answers, and what was answered comes with it',
    async run(fixture) {
      const guild = await fixture.guild()
      const path = `/channels/${guild.textId}/messages`
      const question = await guild.send('why?')
      const reply = await guild.member.api.post<APIMessage>(path, {
        content: 'because',
        message_reference: { message_id: question.id },
      })
      expectEqual(reply.type, 19, 'its type')
      expectIncludes(
        reply.message_reference,
        { message_id: question.id, channel_id: guild.textId, guild_id: guild.id },
        'what it answers',
      )
      expectIncludes(reply.referenced_message, { id: question.id, content: 'why?' }, 'the question')
      expectEqual(
        reply.mentions.map((user) => user.id),
        [guild.owner.id],
        'whom it mentions',
      )
      const unknown = {
        content: 'to nobody',
        message_reference: { message_id: '1000000000000000' },
      }
      await guild.member.api.expectError(invalid('message_reference'), 'POST', path, unknown)
      const anyway = {
        ...unknown,
        message_reference: { ...unknown.message_reference, fail_if_not_exists: false },
      }
      expectIncludes(
        await guild.member.api.post(path, anyway),
        { content: 'to nobody', type: 0 },
        'a reply that need not find its question',
      )
    },
  },
  {
    id: 'rest.messages.send.reply.pings',
    title:
      'A reply mentions whom it answers, unless `allowed_mentions` is given without `replied_user`',
    async run(fixture) {
      const guild = await fixture.guild()
      const { id } = await guild.send('why?')
      const pings = async (allowed_mentions?: object | null): Promise<boolean> => {
        const reply = {
          content: 'because',
          message_reference: { message_id: id },
          ...(allowed_mentions === undefined ? {} : { allowed_mentions }),
        }
        const { mentions } = await guild.member.api.post<APIMessage>(
          `/channels/${guild.textId}/messages`,
          reply,
        )
        return mentions.some((user) => user.id === guild.owner.id)
      }
      expectEqual(
        [await pings(), await pings(null), await pings({ replied_user: true })],
        [true, true, true],
        'without it, or with it',
      )
      const without = [{ parse: [] }, { parse: ['users'] }, { replied_user: false }]
      for (const allowed of without)
        expectEqual(await pings(allowed), false, `with ${JSON.stringify(allowed)}`)
    },
  },
  {
    id: 'rest.messages.send.mentions',
    title:
      'Mentions in a text are told as users and roles, as far as they exist and `allowed_mentions` lets them',
    async run(fixture) {
      const guild = await fixture.guild()
      const role = await guild.createRole(0n, { mentionable: true })
      const path = `/channels/${guild.textId}/messages`
      const content = `<@${guild.member.id}> <@!${guild.owner.id}> <@1000000000000000> <@&${role.id}>`
      const message = await guild.owner.api.post<APIMessage>(path, { content })
      expectEqual(
        new Set(message.mentions.map((user) => user.id)),
        new Set([guild.member.id, guild.owner.id]),
        'who is mentioned',
      )
      expectIncludes(
        message.mentions.find((user) => user.id === guild.member.id),
        { username: guild.member.username },
        'a mentioned user',
      )
      expectEqual(message.mention_roles, [role.id], 'which roles')
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
    title:
      '`@everyone`, and roles that are not mentionable, are mentioned with MENTION_EVERYONE alone',
    async run(fixture) {
      const guild = await fixture.guild()
      const role = await guild.createRole(0n, { mentionable: false })
      const path = `/channels/${guild.textId}/messages`
      const content = `@everyone <@&${role.id}>`
      expectIncludes(
        await guild.owner.api.post(path, { content }),
        { mention_everyone: true, mention_roles: [role.id] },
        'the owner’s',
      )
      expectIncludes(
        await guild.member.api.post(path, { content }),
        { mention_everyone: false, mention_roles: [] },
        'a member’s',
      )
      expectIncludes(
        await guild.owner.api.post(path, { content: 'hello @here' }),
        { mention_everyone: true },
        '@here',
      )
    },
  },
]
