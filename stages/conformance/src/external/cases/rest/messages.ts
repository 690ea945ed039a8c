import { Permission } from '@threshold/contract'
import type { APIMessage } from 'discord-api-types/v10'
import {
  EMPTY,
  type ExpectedError,
  invalid,
  NO_PERMISSION,
  UNKNOWN_MESSAGE,
} from '../../api-client.ts'
import type { Case } from '../../case.ts'
import { expectEqual, expectIncludes, expectTimestamp, expectTrue } from '../../expect.ts'

const NOTHING = '1000000000000000'
/** The id of a moment, as if a message had been sent then. */
const idAt = (ms: number): string => (BigInt(ms - 1_420_070_400_000) << 22n).toString()
const DAY_MS = 86_400_000

export const messageCases: readonly Case[] = [
  {
    id: 'rest.messages.get',
    title: 'One message is read by its id, in its own channel alone',
    async run(fixture) {
      const guild = await fixture.guild()
      const other = await guild.createChannel()
      const { id } = await guild.send('hello')
      expectIncludes(
        await guild.member.api.get(`/channels/${guild.textId}/messages/${id}`),
        { id, content: 'hello' },
        'the message',
      )
      await guild.member.api.expectError(
        UNKNOWN_MESSAGE,
        'GET',
        `/channels/${other.id}/messages/${id}`,
      )
      await guild.member.api.expectError(
        UNKNOWN_MESSAGE,
        'GET',
        `/channels/${guild.textId}/messages/${NOTHING}`,
      )
      await guild.member.api.expectError(
        invalid(),
        'GET',
        `/channels/${guild.textId}/messages/last`,
      )
    },
  },
  {
    id: 'rest.messages.edit',
    title:
      'An author edits a message: new text and mentions, the same id and time, and when it was edited',
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
      await guild.owner.api.expectError(EMPTY, 'PATCH', path, { content: ' ' })
      await guild.owner.api.expectError(
        UNKNOWN_MESSAGE,
        'PATCH',
        `/channels/${guild.textId}/messages/${NOTHING}`,
        { content: 'x' },
      )
      expectIncludes(
        await guild.owner.api.get(path),
        { content: 'mine', edited_timestamp: null },
        'the message',
      )
    },
  },
  {
    id: 'rest.messages.delete',
    title: 'A message is deleted by its author or with MANAGE_MESSAGES, once',
    async run(fixture) {
      const guild = await fixture.guild()
      const at = `/channels/${guild.textId}/messages`
      const [own, another, owners] = [
        await guild.send('own', guild.member),
        await guild.send('another', guild.member),
        await guild.send('owner’s'),
      ]
      await guild.member.api.expectError(NO_PERMISSION, 'DELETE', `${at}/${owners.id}`)
      await guild.member.api.expectNoContent('DELETE', `${at}/${own.id}`)
      await guild.owner.api.expectNoContent('DELETE', `${at}/${another.id}`)
      await guild.setOverwrite(guild.textId, guild.member.id, 1, {
        allow: Permission.ManageMessages,
      })
      await guild.member.api.expectNoContent('DELETE', `${at}/${owners.id}`)
      for (const { id } of [own, another, owners]) {
        await guild.owner.api.expectError(UNKNOWN_MESSAGE, 'GET', `${at}/${id}`)
        await guild.owner.api.expectError(UNKNOWN_MESSAGE, 'DELETE', `${at}/${id}`)
        await guild.member.api.expectError(UNKNOWN_MESSAGE, 'PATCH', `${at}/${id}`, {
          content: 'back',
        })
      }
      expectEqual(await guild.owner.api.get(at), [], 'the history')
    },
  },
  {
    id: 'rest.messages.bulk-delete',
    title:
      'Two to a hundred messages are deleted at once; ids that are gone or belong elsewhere change nothing',
    async run(fixture) {
      const guild = await fixture.guild()
      const other = await guild.createChannel()
      const at = `/channels/${guild.textId}/messages`
      const said = [
        await guild.send('one'),
        await guild.send('two'),
        await guild.send('three', guild.member),
      ]
      const elsewhere = await guild.send('elsewhere', guild.owner, other.id)
      await guild.owner.api.expectNoContent('POST', `${at}/bulk-delete`, {
        messages: [said[0]!.id, said[2]!.id, elsewhere.id, idAt(Date.now() - 1_000)],
      })
      expectEqual(
        (await guild.owner.api.get<APIMessage[]>(at)).map((m) => m.content),
        ['two'],
        'what is left',
      )
      expectIncludes(
        await guild.owner.api.get(`/channels/${other.id}/messages/${elsewhere.id}`),
        { content: 'elsewhere' },
        'the message elsewhere',
      )
    },
  },
  {
    id: 'rest.messages.bulk-delete.refused',
    title: 'Bulk deletion needs MANAGE_MESSAGES, 2 to 100 ids, and messages under 14 days of age',
    async run(fixture) {
      const guild = await fixture.guild()
      const path = `/channels/${guild.textId}/messages/bulk-delete`
      const messages = [(await guild.send('one')).id, (await guild.send('two')).id]
      await guild.member.api.expectError(NO_PERMISSION, 'POST', path, { messages })
      const now = Date.now()
      const manyIds = Array.from({ length: 101 }, (_, i) => idAt(now - i))
      const count: ExpectedError = { status: 400, code: 50016 }
      await guild.owner.api.expectError(count, 'POST', path, { messages: messages.slice(0, 1) })
      await guild.owner.api.expectError(count, 'POST', path, { messages: manyIds })
      await guild.owner.api.expectError({ status: 400, code: 50034 }, 'POST', path, {
        messages: [...messages, idAt(now - 15 * DAY_MS)],
      })
      await guild.owner.api.expectError(invalid('messages'), 'POST', path, {})
      await guild.owner.api.expectError(invalid('messages.1'), 'POST', path, {
        messages: [messages[0], { $gt: '' }],
      })
      expectEqual(
        (await guild.owner.api.get<APIMessage[]>(`/channels/${guild.textId}/messages`)).length,
        2,
        'how many are left',
      )
    },
  },
]
