import { Permission } from '@threshold/contract'
import type { APIMessage } from 'discord-api-types/v10'
import { type ExpectedError, invalid, NO_PERMISSION, UNKNOWN_MESSAGE } from '../../api-client.ts'
import type { Case } from '../../case.ts'
import { expectEqual, expectIncludes } from '../../expect.ts'
import { UNKNOWN_ID } from '../../snowflakes.ts'

/** The id that a message sent at this time could have. */
const idAt = (ms: number): string => (BigInt(ms - 1_420_070_400_000) << 22n).toString()
const DAY_MS = 86_400_000

export const messageCases: readonly Case[] = [
  {
    id: 'rest.messages.get',
    title: 'A message is read by its id, only in its own channel',
    covers: ['rest.route.messages', 'errors.10008'],
    async run(fixture) {
      const guild = await fixture.guild()
      const other = await guild.createChannel()
      const { id } = await guild.send('hello')
      expectIncludes(
        await guild.member.api.get(`/channels/${guild.textChannelId}/messages/${id}`),
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
        `/channels/${guild.textChannelId}/messages/${UNKNOWN_ID}`,
      )
      await guild.member.api.expectError(
        invalid(),
        'GET',
        `/channels/${guild.textChannelId}/messages/last`,
      )
    },
  },
  {
    id: 'rest.messages.delete',
    title: 'A message is deleted once, by its author or a user with MANAGE_MESSAGES',
    covers: ['rest.route.messages', 'errors.10008', 'errors.50013'],
    async run(fixture) {
      const guild = await fixture.guild()
      const base = `/channels/${guild.textChannelId}/messages`
      const [ownMessage, anotherMessage, ownersMessage] = [
        await guild.send('own', guild.member),
        await guild.send('another', guild.member),
        await guild.send('owner’s'),
      ]
      await guild.member.api.expectError(NO_PERMISSION, 'DELETE', `${base}/${ownersMessage.id}`)
      await guild.member.api.expectNoContent('DELETE', `${base}/${ownMessage.id}`)
      await guild.owner.api.expectNoContent('DELETE', `${base}/${anotherMessage.id}`)
      await guild.setOverwrite(guild.textChannelId, guild.member.id, 1, {
        allow: Permission.ManageMessages,
      })
      await guild.member.api.expectNoContent('DELETE', `${base}/${ownersMessage.id}`)
      for (const { id } of [ownMessage, anotherMessage, ownersMessage]) {
        await guild.owner.api.expectError(UNKNOWN_MESSAGE, 'GET', `${base}/${id}`)
        await guild.owner.api.expectError(UNKNOWN_MESSAGE, 'DELETE', `${base}/${id}`)
        await guild.member.api.expectError(UNKNOWN_MESSAGE, 'PATCH', `${base}/${id}`, {
          content: 'back',
        })
      }
      expectEqual(await guild.owner.api.get(base), [], 'the history')
    },
  },
  {
    id: 'rest.messages.bulk-delete',
    title:
      'A bulk delete removes the given messages; ids of deleted messages and of other ' +
      'channels change nothing',
    covers: ['rest.route.messages'],
    async run(fixture) {
      const guild = await fixture.guild()
      const other = await guild.createChannel()
      const base = `/channels/${guild.textChannelId}/messages`
      const sent = [
        await guild.send('one'),
        await guild.send('two'),
        await guild.send('three', guild.member),
      ]
      const elsewhere = await guild.send('elsewhere', guild.owner, other.id)
      await guild.owner.api.expectNoContent('POST', `${base}/bulk-delete`, {
        messages: [sent[0]!.id, sent[2]!.id, elsewhere.id, idAt(Date.now() - 1_000)],
      })
      expectEqual(
        (await guild.owner.api.get<APIMessage[]>(base)).map((m) => m.content),
        ['two'],
        'what remains',
      )
      expectIncludes(
        await guild.owner.api.get(`/channels/${other.id}/messages/${elsewhere.id}`),
        { content: 'elsewhere' },
        'the message in the other channel',
      )
    },
  },
  {
    id: 'rest.messages.bulk-delete.refused',
    title: 'A bulk delete needs MANAGE_MESSAGES, 2 to 100 ids, and messages younger than 14 days',
    covers: ['rest.route.messages', 'errors.50013'],
    async run(fixture) {
      const guild = await fixture.guild()
      const path = `/channels/${guild.textChannelId}/messages/bulk-delete`
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
        (await guild.owner.api.get<APIMessage[]>(`/channels/${guild.textChannelId}/messages`))
          .length,
        2,
        'the number of remaining messages',
      )
    },
  },
]
