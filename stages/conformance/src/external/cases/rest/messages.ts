import { Permission } from '@threshold/contract'
import type { APIMessage } from 'discord-api-types/v10'
import { type ExpectedError, invalid, NO_PERMISSION, UNKNOWN_MESSAGE } from '../../api-client.ts'
import type { Case } from '../../case.ts'
import { expectEqual, expectIncludes } from '../../expect.ts'
import { UNKNOWN_ID } from '../../snowflakes.ts'

/** The id of a moment, as if a message had been sent then. */
const idAt = (ms: number): string => (BigInt(ms - 1_420_070_400_000) << 22n).toString()
const DAY_MS = 86_400_000

export const messageCases: readonly Case[] = [
  {
    id: 'rest.messages.get',
    title: 'One message is read by its id, in its own channel alone',
    covers: ['rest.route.messages', 'errors.10008'],
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
        `/channels/${guild.textId}/messages/${UNKNOWN_ID}`,
      )
      await guild.member.api.expectError(
        invalid(),
        'GET',
        `/channels/${guild.textId}/messages/last`,
      )
    },
  },
  {
    id: 'rest.messages.delete',
    title: 'A message is deleted by its author or with MANAGE_MESSAGES, once',
    covers: ['rest.route.messages', 'errors.10008', 'errors.50013'],
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
    covers: ['rest.route.messages'],
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
    covers: ['rest.route.messages', 'errors.50013'],
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
