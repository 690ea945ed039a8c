import type { APIMessage } from 'discord-api-types/v10'
import { EMPTY_MESSAGE, invalid, UNKNOWN_MESSAGE } from '../../api-client.ts'
import type { Case } from '../../case.ts'
import { expectEqual, expectIncludes, expectTimestamp, expectTrue } from '../../expect.ts'
import { UNKNOWN_ID } from '../../snowflakes.ts'

export const messageEditCases: readonly Case[] = [
  {
    id: 'rest.messages.edit',
    title:
      'An author edits a message: content, mentions and `edited_timestamp` change, id and ' +
      'timestamp stay',
    covers: ['rest.route.messages', 'bites.times'],
    async run(fixture) {
      const guild = await fixture.guild()
      const before = await guild.send(`hello <@${guild.owner.id}>`, guild.member)
      const path = `/channels/${guild.textChannelId}/messages/${before.id}`
      const content = `goodbye <@${guild.member.id}>`
      const edited = await guild.member.api.patch<APIMessage>(path, { content })
      expectIncludes(edited, { id: before.id, content, timestamp: before.timestamp }, 'the answer')
      expectTrue(
        Date.parse(edited.edited_timestamp!) >= Date.parse(before.timestamp),
        'edited_timestamp is not before timestamp',
        edited.edited_timestamp,
      )
      for (const time of [edited.timestamp, edited.edited_timestamp])
        expectTimestamp(time, 'timestamp or edited_timestamp')
      expectEqual(
        edited.mentions.map((user) => user.id),
        [guild.member.id],
        'its mentions',
      )
      const stored = await guild.owner.api.get<APIMessage>(path)
      expectIncludes(stored, { content, edited_timestamp: edited.edited_timestamp }, 'the message')
    },
  },
  {
    id: 'rest.messages.edit.last',
    title: 'Each edit is answered with its own content, and the last of several edits is stored',
    covers: ['rest.clock'],
    async run(fixture) {
      const guild = await fixture.guild()
      const { id, timestamp } = await guild.send('first')
      const path = `/channels/${guild.textChannelId}/messages/${id}`
      for (let i = 0; i < 10; i++) {
        const content = `edit ${i}`
        const edited = await guild.owner.api.patch<APIMessage>(path, { content })
        expectEqual(edited.content, content, 'the answer')
        expectTrue(
          Date.parse(edited.edited_timestamp!) >= Date.parse(timestamp),
          'edited no earlier than it was sent',
          edited,
        )
        expectIncludes(await guild.owner.api.get(path), { content }, 'the message')
      }
      const texts = Array.from({ length: 8 }, (_, i) => `at once ${i}`)
      const edits = await Promise.all(
        texts.map((content) => guild.owner.api.patch<APIMessage>(path, { content })),
      )
      expectEqual(edits.map(({ content }) => content).join(), texts.join(), 'the answers')
    },
  },
  {
    id: 'rest.messages.edit.embeds',
    title: 'An edit changes the content or the embeds, and fields that it does not name stay',
    covers: ['rest.route.messages'],
    async run(fixture) {
      const guild = await fixture.guild()
      const { id } = await guild.owner.api.post<APIMessage>(
        `/channels/${guild.textChannelId}/messages`,
        {
          content: 'text',
          embeds: [{ title: 'one' }],
        },
      )
      const path = `/channels/${guild.textChannelId}/messages/${id}`
      const titles = (message: APIMessage): unknown[] => message.embeds.map((embed) => embed.title)
      const renamed = await guild.owner.api.patch<APIMessage>(path, { embeds: [{ title: 'two' }] })
      expectEqual([renamed.content, titles(renamed)], ['text', ['two']], 'with other embeds')
      const reworded = await guild.owner.api.patch<APIMessage>(path, { content: 'words' })
      expectEqual([reworded.content, titles(reworded)], ['words', ['two']], 'with another text')
      expectEqual(
        titles(await guild.owner.api.patch<APIMessage>(path, { embeds: [] })),
        [],
        'without embeds',
      )
    },
  },
  {
    id: 'rest.messages.edit.mentions',
    title:
      'An edit without content adds no mention, and an edited reply keeps mentioning the ' +
      'author it answers',
    covers: ['rest.route.messages'],
    async run(fixture) {
      const guild = await fixture.guild()
      const base = `/channels/${guild.textChannelId}/messages`
      const mentioned = ({ mentions, mention_everyone }: APIMessage): unknown[] => [
        mentions.map((user) => user.id),
        mention_everyone,
      ]
      const content = `<@${guild.member.id}> @everyone`
      const silent = await guild.owner.api.post<APIMessage>(base, {
        content,
        allowed_mentions: { parse: [] },
      })
      const decorated = await guild.owner.api.patch<APIMessage>(`${base}/${silent.id}`, {
        embeds: [{ title: 'one' }],
      })
      expectEqual(mentioned(decorated), [[], false], 'with an embed')
      expectEqual(
        mentioned(await guild.owner.api.patch<APIMessage>(`${base}/${silent.id}`, { flags: 4 })),
        [[], false],
        'with a flag',
      )
      const question = await guild.send('why?')
      const reply = { content: 'becuase', message_reference: { message_id: question.id } }
      const path = `${base}/${(await guild.member.api.post<APIMessage>(base, reply)).id}`
      const ownerOnly = [[guild.owner.id], false]
      expectEqual(
        mentioned(await guild.member.api.patch<APIMessage>(path, { content: 'because' })),
        ownerOnly,
        'an edited reply',
      )
      expectEqual(
        mentioned(await guild.member.api.patch<APIMessage>(path, { embeds: [{ title: 'one' }] })),
        ownerOnly,
        'an edited reply with an embed',
      )
      const silentEdit = { content: 'because!', allowed_mentions: { parse: [] } }
      expectEqual(
        mentioned(await guild.member.api.patch<APIMessage>(path, silentEdit)),
        [[], false],
        'an edited reply with no mention allowed',
      )
    },
  },
  {
    id: 'rest.messages.edit.others',
    title: 'Editing another author’s message is answered 50005, whatever the permissions',
    covers: ['errors.50005'],
    async run(fixture) {
      const guild = await fixture.guild()
      const { id } = await guild.send('mine', guild.member)
      await guild.owner.api.expectError(
        { status: 403, code: 50005 },
        'PATCH',
        `/channels/${guild.textChannelId}/messages/${id}`,
        { content: 'yours' },
      )
      expectIncludes(
        await guild.owner.api.get(`/channels/${guild.textChannelId}/messages/${id}`),
        { content: 'mine', edited_timestamp: null },
        'the message',
      )
    },
  },
  {
    id: 'rest.messages.edit.refused',
    title: 'An edit that is too long, empty or for an unknown message is refused',
    covers: ['rest.route.messages', 'errors.50006'],
    async run(fixture) {
      const guild = await fixture.guild()
      const { id } = await guild.send('mine')
      const path = `/channels/${guild.textChannelId}/messages/${id}`
      await guild.owner.api.expectError(invalid('content', 'BASE_TYPE_MAX_LENGTH'), 'PATCH', path, {
        content: 'x'.repeat(2_001),
      })
      await guild.owner.api.expectError(invalid('content'), 'PATCH', path, {
        content: { $set: 'x' },
      })
      await guild.owner.api.expectError(EMPTY_MESSAGE, 'PATCH', path, { content: ' ' })
      await guild.owner.api.expectError(
        UNKNOWN_MESSAGE,
        'PATCH',
        `/channels/${guild.textChannelId}/messages/${UNKNOWN_ID}`,
        { content: 'x' },
      )
      expectIncludes(
        await guild.owner.api.get(path),
        { content: 'mine', edited_timestamp: null },
        'the message',
      )
    },
  },
]
