import type { APIMessage } from 'discord-api-types/v10'
import { EMPTY_MESSAGE, invalid, UNKNOWN_MESSAGE } from '../../api-client.ts'
import type { Case } from '../../case.ts'
import { expectEqual, expectIncludes, expectTimestamp, expectTrue } from '../../expect.ts'
import { UNKNOWN_ID } from '../../snowflakes.ts'

export const messageEditCases: readonly Case[] = [
  {
    id: 'rest.messages.edit',
    title:
      'An author edits a message: new text and mentions, the same id and time, and when it was edited',
    covers: ['rest.route.messages'],
    async run(fixture) {
      const guild = await fixture.guild()
      const before = await guild.send(`hello <@${guild.owner.id}>`, guild.member)
      const path = `/channels/${guild.textId}/messages/${before.id}`
      const content = `goodbye <@${guild.member.id}>`
      const edited = await guild.member.api.patch<APIMessage>(path, { content })
      expectIncludes(edited, { id: before.id, content, timestamp: before.timestamp }, 'the answer')
      expectTrue(
        Date.parse(edited.edited_timestamp!) >= Date.parse(before.timestamp),
        'it says when it was edited',
        edited.edited_timestamp,
      )
      for (const time of [edited.timestamp, edited.edited_timestamp])
        expectTimestamp(time, 'when it was written or edited')
      expectEqual(
        edited.mentions.map((user) => user.id),
        [guild.member.id],
        'its mentions',
      )
      const read = await guild.owner.api.get<APIMessage>(path)
      expectIncludes(read, { content, edited_timestamp: edited.edited_timestamp }, 'the message')
    },
  },
  {
    id: 'rest.messages.edit.last',
    title:
      'Each edit is answered with its own text, and the last of many that follow one another is what is stored',
    covers: ['rest.clock'],
    async run(fixture) {
      const guild = await fixture.guild()
      const { id, timestamp } = await guild.send('first')
      const path = `/channels/${guild.textId}/messages/${id}`
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
    title: 'An edit changes text or embeds; what it does not name stays',
    covers: ['rest.route.messages'],
    async run(fixture) {
      const guild = await fixture.guild()
      const { id } = await guild.owner.api.post<APIMessage>(`/channels/${guild.textId}/messages`, {
        content: 'text',
        embeds: [{ title: 'one' }],
      })
      const path = `/channels/${guild.textId}/messages/${id}`
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
      'An edit that names no text mentions nobody anew, and a reply whose text is edited goes on mentioning whom it answers',
    covers: ['rest.route.messages'],
    async run(fixture) {
      const guild = await fixture.guild()
      const at = `/channels/${guild.textId}/messages`
      const mentioned = ({ mentions, mention_everyone }: APIMessage): unknown[] => [
        mentions.map((user) => user.id),
        mention_everyone,
      ]
      const content = `<@${guild.member.id}> @everyone`
      const silent = await guild.owner.api.post<APIMessage>(at, {
        content,
        allowed_mentions: { parse: [] },
      })
      const decorated = await guild.owner.api.patch<APIMessage>(`${at}/${silent.id}`, {
        embeds: [{ title: 'one' }],
      })
      expectEqual(mentioned(decorated), [[], false], 'with an embed')
      expectEqual(
        mentioned(await guild.owner.api.patch<APIMessage>(`${at}/${silent.id}`, { flags: 4 })),
        [[], false],
        'with a flag',
      )
      const question = await guild.send('why?')
      const reply = { content: 'becuase', message_reference: { message_id: question.id } }
      const path = `${at}/${(await guild.member.api.post<APIMessage>(at, reply)).id}`
      const ofOwner = [[guild.owner.id], false]
      expectEqual(
        mentioned(await guild.member.api.patch<APIMessage>(path, { content: 'because' })),
        ofOwner,
        'an answer with other words',
      )
      expectEqual(
        mentioned(await guild.member.api.patch<APIMessage>(path, { embeds: [{ title: 'one' }] })),
        ofOwner,
        'an answer with an embed',
      )
      const quiet = { content: 'because!', allowed_mentions: { parse: [] } }
      expectEqual(
        mentioned(await guild.member.api.patch<APIMessage>(path, quiet)),
        [[], false],
        'an answer that is to mention nobody',
      )
    },
  },
  {
    id: 'rest.messages.edit.others',
    title: 'Nobody edits another’s message (50005), whatever their permissions',
    covers: ['errors.50005'],
    async run(fixture) {
      const guild = await fixture.guild()
      const { id } = await guild.send('mine', guild.member)
      await guild.owner.api.expectError(
        { status: 403, code: 50005 },
        'PATCH',
        `/channels/${guild.textId}/messages/${id}`,
        { content: 'yours' },
      )
      expectIncludes(
        await guild.owner.api.get(`/channels/${guild.textId}/messages/${id}`),
        { content: 'mine', edited_timestamp: null },
        'the message',
      )
    },
  },
  {
    id: 'rest.messages.edit.refused',
    title: 'An edit is refused as a send is: too long, empty, or of nothing',
    covers: ['rest.route.messages', 'errors.50006'],
    async run(fixture) {
      const guild = await fixture.guild()
      const { id } = await guild.send('mine')
      const path = `/channels/${guild.textId}/messages/${id}`
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
        `/channels/${guild.textId}/messages/${UNKNOWN_ID}`,
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
