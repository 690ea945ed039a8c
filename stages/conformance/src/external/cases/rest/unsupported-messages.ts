import type { APIMessage } from 'discord-api-types/v10'
import { invalid } from '../../api-client.ts'
import type { Case } from '../../case.ts'
import { expectEqual } from '../../expect.ts'
import { refuseEach } from './refuse-each.ts'

export const unsupportedMessageCases: readonly Case[] = [
  {
    id: 'rest.unsupported.messages',
    title: 'An unsupported part of a message is refused by name, with content and without',
    covers: ['errors.unsupported'],
    async run(fixture) {
      const guild = await fixture.guild()
      const path = `/channels/${guild.textChannelId}/messages`
      const button = { type: 2, style: 1, label: 'x', custom_id: 'x' }
      const edits = {
        components: [{ type: 1, components: [button] }],
        attachments: [{ id: '0', filename: 'x.txt' }],
        flags: 1 << 15,
      }
      const parts = {
        ...edits,
        sticker_ids: [guild.id],
        poll: { question: { text: '?' }, answers: [] },
      }
      for (const rest of [{}, { content: 'hi' }])
        await refuseEach(guild.owner, 'POST', path, rest, parts)
      const { id } = await guild.send('stays')
      await refuseEach(guild.owner, 'PATCH', `${path}/${id}`, { content: 'changed' }, edits)
      const forward = {
        message_reference: { type: 1, message_id: id, channel_id: guild.textChannelId },
      }
      await guild.owner.api.expectError(invalid('message_reference.type'), 'POST', path, forward)
      const kept = await guild.owner.api.get<APIMessage[]>(path)
      expectEqual(
        kept.map((message) => message.content),
        ['stays'],
        'the contents',
      )
    },
  },
  {
    id: 'rest.unsupported.files',
    title: 'An uploaded file is refused by name',
    covers: ['errors.unsupported'],
    async run(fixture) {
      const guild = await fixture.guild()
      const raw = [
        '--x',
        'Content-Disposition: form-data; name="payload_json"',
        'Content-Type: application/json',
        '',
        '{"content":"with a file"}',
        '--x',
        'Content-Disposition: form-data; name="files[0]"; filename="a.txt"',
        'Content-Type: text/plain',
        '',
        'text',
        '--x--',
        '',
      ].join('\r\n')
      const headers = { 'content-type': 'multipart/form-data; boundary=x' }
      const path = `/channels/${guild.textChannelId}/messages`
      await guild.owner.api.expectError(invalid('files'), 'POST', path, undefined, { raw, headers })
      expectEqual(await guild.owner.api.get(path), [], 'the contents')
    },
  },
]
