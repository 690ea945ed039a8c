import type { APIMessage } from 'discord-api-types/v10'
import { EMPTY_MESSAGE, invalid, MALFORMED_JSON } from '../../api-client.ts'
import type { Case } from '../../case.ts'
import { expectEqual } from '../../expect.ts'

export const jsonBodyCases: readonly Case[] = [
  {
    id: 'rest.json.malformed',
    title: 'A body that is not JSON is answered 400 with code 50109',
    covers: ['errors.50109'],
    async run(fixture) {
      const guild = await fixture.guild()
      const bodies = [
        '{',
        '{"content": "a"',
        "{'content': 'a'}",
        '{"content": "a"} x',
        '{"content": undefined}',
        'content=a',
        '{"content": "a",}',
      ]
      for (const raw of bodies)
        await guild.owner.api.expectError(
          MALFORMED_JSON,
          'POST',
          `/channels/${guild.textChannelId}/messages`,
          undefined,
          { raw },
        )
      // Nesting so deep that a recursive parser would overflow the stack and end the process.
      const deep = `{"content":${'['.repeat(20_000)}${']'.repeat(20_000)}}`
      await guild.owner.api.expectError(
        MALFORMED_JSON,
        'POST',
        `/channels/${guild.textChannelId}/messages`,
        undefined,
        { raw: deep },
      )
      const latin1 = Uint8Array.from([0x7b, 0x22, 0x63, 0x22, 0x3a, 0x22, 0xe4, 0xff, 0x22, 0x7d])
      await guild.owner.api.expectError(
        MALFORMED_JSON,
        'POST',
        `/channels/${guild.textChannelId}/messages`,
        undefined,
        { raw: latin1 },
      )
    },
  },
  {
    id: 'rest.json.not-a-form',
    title:
      'JSON that is not an object, or a field of the wrong type, is answered 400 with code 50035',
    covers: ['rest.json', 'errors.shape', 'errors.50035'],
    async run(fixture) {
      const guild = await fixture.guild()
      const path = `/channels/${guild.textChannelId}/messages`
      for (const body of [[], 'text', 7])
        await guild.owner.api.expectError(invalid(), 'POST', path, body)
      for (const content of [{ $gt: '' }, ['a'], true])
        await guild.owner.api.expectError(invalid('content'), 'POST', path, { content })
      await guild.owner.api.expectError(invalid('recipient_id'), 'POST', '/users/@me/channels', {
        recipient_id: { $ne: null },
      })
      await guild.owner.api.expectError(invalid('name'), 'POST', `/guilds/${guild.id}/channels`, {
        name: {},
      })
    },
  },
  {
    id: 'rest.json.too-large',
    title: 'A body of megabytes is answered 413, and the stage keeps running',
    covers: ['intro.silence'],
    async run(fixture) {
      const guild = await fixture.guild()
      const raw = JSON.stringify({ content: 'x'.repeat(4_000_000) })
      const response = await guild.owner.api.request(
        'POST',
        `/channels/${guild.textChannelId}/messages`,
        undefined,
        { raw },
      )
      expectEqual(response.status, 413, 'status')
      await guild.send('still here')
    },
  },
  {
    id: 'rest.json.charset',
    title: 'A request may name its charset, and text outside ASCII is returned unchanged',
    covers: ['intro.silence', 'rest.json'],
    async run(fixture) {
      const guild = await fixture.guild()
      const content = 'Ünïcödé 漢字 🜁 “ok”'
      const sent = await guild.owner.api.post<APIMessage>(
        `/channels/${guild.textChannelId}/messages`,
        { content },
        {
          headers: { 'content-type': 'application/json; charset=utf-8' },
        },
      )
      expectEqual(sent.content, content, 'the content')
      expectEqual(
        (
          await guild.member.api.get<APIMessage>(
            `/channels/${guild.textChannelId}/messages/${sent.id}`,
          )
        ).content,
        content,
        'the content in the history',
      )
    },
  },
  {
    id: 'rest.json.empty-body',
    title: 'A send without a body is an empty message, not malformed JSON',
    covers: ['intro.silence', 'errors.50006'],
    async run(fixture) {
      const guild = await fixture.guild()
      await guild.owner.api.expectError(
        EMPTY_MESSAGE,
        'POST',
        `/channels/${guild.textChannelId}/messages`,
      )
    },
  },
]
