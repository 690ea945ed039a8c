import { Permission } from '@threshold/contract'
import type { APIMessage } from 'discord-api-types/v10'
import { EMPTY_MESSAGE, invalid, NO_PERMISSION } from '../../api-client.ts'
import type { Case } from '../../case.ts'
import {
  expectEqual,
  expectFields,
  expectIncludes,
  expectSnowflake,
  expectTrue,
} from '../../expect.ts'

/**
 * The fields of a message that client libraries read. eris drops a message without `mentions`,
 * `mention_roles`, `attachments` and `embeds`.
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
    title: 'A send is answered with the whole message',
    covers: ['rest.route.messages'],
    async run(fixture) {
      const guild = await fixture.guild()
      const response = await guild.member.api.request(
        'POST',
        `/channels/${guild.textChannelId}/messages`,
        {
          content: 'hello',
        },
      )
      expectEqual(response.status, 200, 'status')
      const message = response.body as APIMessage
      expectFields(message, MESSAGE_FIELDS, 'a message')
      expectSnowflake(message.id, 'id')
      const plain = {
        channel_id: guild.textChannelId,
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
        await guild.owner.api.get(`/channels/${guild.textChannelId}/messages/${message.id}`),
        { ...message },
        'the message as another member reads it',
      )
    },
  },
  {
    id: 'rest.messages.send.length',
    title: 'A message has at most 2,000 characters; 2,001 are answered with `BASE_TYPE_MAX_LENGTH`',
    covers: ['errors.50035'],
    async run(fixture) {
      const guild = await fixture.guild()
      const path = `/channels/${guild.textChannelId}/messages`
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
    title: 'Content is counted in code points after trimming',
    covers: ['errors.50035'],
    async run(fixture) {
      const guild = await fixture.guild()
      const path = `/channels/${guild.textChannelId}/messages`
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
      'A message without content and without a visible embed is answered 50006, and nothing ' +
      'is sent',
    covers: ['errors.50006'],
    async run(fixture) {
      const guild = await fixture.guild()
      const path = `/channels/${guild.textChannelId}/messages`
      for (const body of [
        {},
        { content: '' },
        { content: null },
        { content: ' \n\t ' },
        { embeds: [] },
        { embeds: [{}, { color: 5 }] },
      ])
        await guild.owner.api.expectError(EMPTY_MESSAGE, 'POST', path, body)
      expectEqual(await guild.owner.api.get(path), [], 'the history')
    },
  },
  {
    id: 'rest.messages.send.refused',
    title: 'A send without SEND_MESSAGES is answered 50013, and one to a category 50008',
    covers: ['rest.route.messages', 'errors.50013'],
    async run(fixture) {
      const guild = await fixture.guild()
      await guild.setOverwrite(guild.textChannelId, guild.id, 0, { deny: Permission.SendMessages })
      await guild.member.api.expectError(
        NO_PERMISSION,
        'POST',
        `/channels/${guild.textChannelId}/messages`,
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
]
