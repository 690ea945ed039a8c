import { Permission } from '@threshold/contract'
import type { APIMessage } from 'discord-api-types/v10'
import type { Case } from '../../case.ts'
import { holds, includes, same, wireTime } from '../../expect.ts'
import { EMPTY, invalid, NO_PERMISSION, type Refusal, UNKNOWN_MESSAGE } from '../../rest.ts'

const NOTHING = '1000000000000000'
/** The id of a moment, as if a message had been sent then. */
const idAt = (ms: number): string => (BigInt(ms - 1_420_070_400_000) << 22n).toString()
const DAY_MS = 86_400_000

export const messageCases: readonly Case[] = [
  {
    id: 'rest.messages.get',
    sentence: 'One message is read by its id, in its own channel alone',
    async run(world) {
      const guild = await world.guild()
      const other = await guild.channel()
      const { id } = await guild.say('hello')
      includes(
        await guild.member.api.get(`/channels/${guild.text}/messages/${id}`),
        { id, content: 'hello' },
        'the message',
      )
      await guild.member.api.refused(UNKNOWN_MESSAGE, 'GET', `/channels/${other.id}/messages/${id}`)
      await guild.member.api.refused(
        UNKNOWN_MESSAGE,
        'GET',
        `/channels/${guild.text}/messages/${NOTHING}`,
      )
      await guild.member.api.refused(invalid(), 'GET', `/channels/${guild.text}/messages/last`)
    },
  },
  {
    id: 'rest.messages.edit',
    sentence:
      'An author edits a message: new text and mentions, the same id and time, and when it was edited',
    async run(world) {
      const guild = await world.guild()
      const before = await guild.say(`hello <@${guild.owner.id}>`, guild.member)
      const path = `/channels/${guild.text}/messages/${before.id}`
      const content = `goodbye <@${guild.member.id}>`
      const edited = await guild.member.api.patch<APIMessage>(path, { content })
      includes(edited, { id: before.id, content, timestamp: before.timestamp }, 'the answer')
      holds(
        Date.parse(edited.edited_timestamp!) >= Date.parse(before.timestamp),
        'it says when it was edited',
        edited.edited_timestamp,
      )
      for (const time of [edited.timestamp, edited.edited_timestamp])
        wireTime(time, 'when it was written or edited')
      same(
        edited.mentions.map((user) => user.id),
        [guild.member.id],
        'its mentions',
      )
      const read = await guild.owner.api.get<APIMessage>(path)
      includes(read, { content, edited_timestamp: edited.edited_timestamp }, 'the message')
    },
  },
  {
    id: 'rest.messages.edit.last',
    sentence:
      'Each edit is answered with its own text, and the last of many that follow one another is what is stored',
    async run(world) {
      const guild = await world.guild()
      const { id, timestamp } = await guild.say('first')
      const path = `/channels/${guild.text}/messages/${id}`
      for (let i = 0; i < 10; i++) {
        const content = `edit ${i}`
        const edited = await guild.owner.api.patch<APIMessage>(path, { content })
        same(edited.content, content, 'the answer')
        holds(
          Date.parse(edited.edited_timestamp!) >= Date.parse(timestamp),
          'edited no earlier than it was sent',
          edited,
        )
        includes(await guild.owner.api.get(path), { content }, 'the message')
      }
      const texts = Array.from({ length: 8 }, (_, i) => `at once ${i}`)
      const edits = await Promise.all(
        texts.map((content) => guild.owner.api.patch<APIMessage>(path, { content })),
      )
      same(edits.map(({ content }) => content).join(), texts.join(), 'the answers')
    },
  },
  {
    id: 'rest.messages.edit.embeds',
    sentence: 'An edit changes text or embeds; what it does not name stays',
    async run(world) {
      const guild = await world.guild()
      const { id } = await guild.owner.api.post<APIMessage>(`/channels/${guild.text}/messages`, {
        content: 'text',
        embeds: [{ title: 'one' }],
      })
      const path = `/channels/${guild.text}/messages/${id}`
      const titles = (message: APIMessage): unknown[] => message.embeds.map((embed) => embed.title)
      const renamed = await guild.owner.api.patch<APIMessage>(path, { embeds: [{ title: 'two' }] })
      same([renamed.content, titles(renamed)], ['text', ['two']], 'with other embeds')
      const reworded = await guild.owner.api.patch<APIMessage>(path, { content: 'words' })
      same([reworded.content, titles(reworded)], ['words', ['two']], 'with another text')
      same(
        titles(await guild.owner.api.patch<APIMessage>(path, { embeds: [] })),
        [],
        'without embeds',
      )
    },
  },
  {
    id: 'rest.messages.edit.mentions',
    sentence:
      'An edit that names no text mentions nobody anew, and a reply whose text is edited goes on mentioning whom it answers',
    async run(world) {
      const guild = await world.guild()
      const at = `/channels/${guild.text}/messages`
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
      same(mentioned(decorated), [[], false], 'with an embed')
      same(
        mentioned(await guild.owner.api.patch<APIMessage>(`${at}/${silent.id}`, { flags: 4 })),
        [[], false],
        'with a flag',
      )
      const question = await guild.say('why?')
      const reply = { content: 'becuase', message_reference: { message_id: question.id } }
      const path = `${at}/${(await guild.member.api.post<APIMessage>(at, reply)).id}`
      const ofOwner = [[guild.owner.id], false]
      same(
        mentioned(await guild.member.api.patch<APIMessage>(path, { content: 'because' })),
        ofOwner,
        'an answer with other words',
      )
      same(
        mentioned(await guild.member.api.patch<APIMessage>(path, { embeds: [{ title: 'one' }] })),
        ofOwner,
        'an answer with an embed',
      )
      const quiet = { content: 'because!', allowed_mentions: { parse: [] } }
      same(
        mentioned(await guild.member.api.patch<APIMessage>(path, quiet)),
        [[], false],
        'an answer that is to mention nobody',
      )
    },
  },
  {
    id: 'rest.messages.edit.others',
    sentence: 'Nobody edits another’s message (50005), whatever their permissions',
    async run(world) {
      const guild = await world.guild()
      const { id } = await guild.say('mine', guild.member)
      await guild.owner.api.refused(
        { status: 403, code: 50005 },
        'PATCH',
        `/channels/${guild.text}/messages/${id}`,
        { content: 'yours' },
      )
      includes(
        await guild.owner.api.get(`/channels/${guild.text}/messages/${id}`),
        { content: 'mine', edited_timestamp: null },
        'the message',
      )
    },
  },
  {
    id: 'rest.messages.edit.refused',
    sentence: 'An edit is refused as a send is: too long, empty, or of nothing',
    async run(world) {
      const guild = await world.guild()
      const { id } = await guild.say('mine')
      const path = `/channels/${guild.text}/messages/${id}`
      await guild.owner.api.refused(invalid('content', 'BASE_TYPE_MAX_LENGTH'), 'PATCH', path, {
        content: 'x'.repeat(2_001),
      })
      await guild.owner.api.refused(invalid('content'), 'PATCH', path, { content: { $set: 'x' } })
      await guild.owner.api.refused(EMPTY, 'PATCH', path, { content: ' ' })
      await guild.owner.api.refused(
        UNKNOWN_MESSAGE,
        'PATCH',
        `/channels/${guild.text}/messages/${NOTHING}`,
        { content: 'x' },
      )
      includes(
        await guild.owner.api.get(path),
        { content: 'mine', edited_timestamp: null },
        'the message',
      )
    },
  },
  {
    id: 'rest.messages.delete',
    sentence: 'A message is deleted by its author or with MANAGE_MESSAGES, once',
    async run(world) {
      const guild = await world.guild()
      const at = `/channels/${guild.text}/messages`
      const [own, another, owners] = [
        await guild.say('own', guild.member),
        await guild.say('another', guild.member),
        await guild.say('owner’s'),
      ]
      await guild.member.api.refused(NO_PERMISSION, 'DELETE', `${at}/${owners.id}`)
      await guild.member.api.nothing('DELETE', `${at}/${own.id}`)
      await guild.owner.api.nothing('DELETE', `${at}/${another.id}`)
      await guild.overwrite(guild.text, guild.member.id, 1, { allow: Permission.ManageMessages })
      await guild.member.api.nothing('DELETE', `${at}/${owners.id}`)
      for (const { id } of [own, another, owners]) {
        await guild.owner.api.refused(UNKNOWN_MESSAGE, 'GET', `${at}/${id}`)
        await guild.owner.api.refused(UNKNOWN_MESSAGE, 'DELETE', `${at}/${id}`)
        await guild.member.api.refused(UNKNOWN_MESSAGE, 'PATCH', `${at}/${id}`, { content: 'back' })
      }
      same(await guild.owner.api.get(at), [], 'the history')
    },
  },
  {
    id: 'rest.messages.bulk-delete',
    sentence:
      'Two to a hundred messages are deleted at once; ids that are gone or belong elsewhere change nothing',
    async run(world) {
      const guild = await world.guild()
      const other = await guild.channel()
      const at = `/channels/${guild.text}/messages`
      const said = [
        await guild.say('one'),
        await guild.say('two'),
        await guild.say('three', guild.member),
      ]
      const elsewhere = await guild.say('elsewhere', guild.owner, other.id)
      await guild.owner.api.nothing('POST', `${at}/bulk-delete`, {
        messages: [said[0]!.id, said[2]!.id, elsewhere.id, idAt(Date.now() - 1_000)],
      })
      same(
        (await guild.owner.api.get<APIMessage[]>(at)).map((m) => m.content),
        ['two'],
        'what is left',
      )
      includes(
        await guild.owner.api.get(`/channels/${other.id}/messages/${elsewhere.id}`),
        { content: 'elsewhere' },
        'the message elsewhere',
      )
    },
  },
  {
    id: 'rest.messages.bulk-delete.refused',
    sentence:
      'Bulk deletion needs MANAGE_MESSAGES, 2 to 100 ids, and messages under 14 days of age',
    async run(world) {
      const guild = await world.guild()
      const path = `/channels/${guild.text}/messages/bulk-delete`
      const messages = [(await guild.say('one')).id, (await guild.say('two')).id]
      await guild.member.api.refused(NO_PERMISSION, 'POST', path, { messages })
      const now = Date.now()
      const manyIds = Array.from({ length: 101 }, (_, i) => idAt(now - i))
      const count: Refusal = { status: 400, code: 50016 }
      await guild.owner.api.refused(count, 'POST', path, { messages: messages.slice(0, 1) })
      await guild.owner.api.refused(count, 'POST', path, { messages: manyIds })
      await guild.owner.api.refused({ status: 400, code: 50034 }, 'POST', path, {
        messages: [...messages, idAt(now - 15 * DAY_MS)],
      })
      await guild.owner.api.refused(invalid('messages'), 'POST', path, {})
      await guild.owner.api.refused(invalid('messages.1'), 'POST', path, {
        messages: [messages[0], { $gt: '' }],
      })
      same(
        (await guild.owner.api.get<APIMessage[]>(`/channels/${guild.text}/messages`)).length,
        2,
        'how many are left',
      )
    },
  },
]
