import type { APIMessage } from 'discord-api-types/v10'
import { invalid } from '../../api-client.ts'
import type { Case } from '../../case.ts'
import { expectEqual, expectIncludes, expectTrue } from '../../expect.ts'

export const nonceCases: readonly Case[] = [
  {
    id: 'rest.messages.nonce',
    title: 'A nonce is returned as sent; without `enforce_nonce` it does not deduplicate',
    covers: ['nonce'],
    async run(fixture) {
      const guild = await fixture.guild()
      const path = `/channels/${guild.textChannelId}/messages`
      const text = await guild.owner.api.post<APIMessage>(path, { content: 'one', nonce: 'n-1' })
      expectEqual(text.nonce, 'n-1', 'a string nonce')
      expectEqual(
        (await guild.owner.api.post<APIMessage>(path, { content: 'two', nonce: 42 })).nonce,
        42,
        'a numeric nonce',
      )
      const again = await guild.owner.api.post<APIMessage>(path, { content: 'one', nonce: 'n-1' })
      expectTrue(
        again.id !== text.id,
        'without enforce_nonce the same nonce creates another message',
      )
      await guild.owner.api.expectError(invalid('nonce'), 'POST', path, {
        content: 'x',
        nonce: 'x'.repeat(26),
      })
    },
  },
  {
    id: 'rest.messages.nonce.integer',
    title:
      'A nonce that is a 64-bit integer is returned as that integer in the answer, the ' +
      'history and the event',
    covers: ['nonce'],
    async run(fixture) {
      const guild = await fixture.guild()
      const socket = await guild.member.connect()
      const path = `/channels/${guild.textChannelId}/messages`
      for (const nonce of ['9007199254740993', '-9223372036854775808', '9223372036854775807']) {
        const response = await guild.owner.api.request('POST', path, undefined, {
          raw: `{"content":"big","nonce":${nonce}}`,
        })
        const exactNonce = new RegExp(`"nonce":${nonce}[,}]`)
        expectTrue(
          response.status === 200 && exactNonce.test(response.text),
          `the answer has the nonce ${nonce}`,
          response.text,
        )
        const { id } = response.body as APIMessage
        await socket.nextEvent('MESSAGE_CREATE', (d) => d.id === id)
        const sent = socket.frames.find(
          (frame) => frame.t === 'MESSAGE_CREATE' && (frame.d as APIMessage).id === id,
        )!
        expectTrue(exactNonce.test(sent.text), `the event has the nonce ${nonce}`, sent.text)
        const page = await guild.owner.api.request('GET', `${path}/${id}`)
        expectTrue(exactNonce.test(page.text), `the history has the nonce ${nonce}`, page.text)
      }
      const text = await guild.owner.api.post<APIMessage>(path, {
        content: 'text',
        nonce: '9007199254740993',
      })
      expectEqual(text.nonce, '9007199254740993', 'the same digits as a string')
      await guild.owner.api.expectError(invalid('nonce'), 'POST', path, undefined, {
        raw: '{"content":"x","nonce":9223372036854775808}',
      })
    },
  },
  {
    id: 'rest.messages.enforce-nonce',
    title:
      'With `enforce_nonce` a retried send answers the first message, and one message is stored',
    covers: ['nonce'],
    async run(fixture) {
      const guild = await fixture.guild()
      const path = `/channels/${guild.textChannelId}/messages`
      const body = { content: 'once', nonce: 'retry-1', enforce_nonce: true }
      const first = await guild.owner.api.post<APIMessage>(path, body)
      const retried = await guild.owner.api.post<APIMessage>(path, body)
      expectIncludes(retried, { id: first.id, content: 'once' }, 'the retry')
      expectEqual(
        (await guild.owner.api.post<APIMessage>(path, { ...body, content: 'other words' })).content,
        'once',
        'a retry with other content',
      )
      expectEqual(
        (await guild.owner.api.get<APIMessage[]>(path)).map((m) => m.id),
        [first.id],
        'the history',
      )
    },
  },
  {
    id: 'rest.messages.enforce-nonce.scope',
    title: 'Another nonce, another author or another channel creates another message',
    covers: ['nonce'],
    async run(fixture) {
      const guild = await fixture.guild()
      const other = await guild.createChannel()
      const body = { content: 'hi', nonce: 'same', enforce_nonce: true }
      const sent = [
        await guild.owner.api.post<APIMessage>(`/channels/${guild.textChannelId}/messages`, body),
        await guild.owner.api.post<APIMessage>(`/channels/${guild.textChannelId}/messages`, {
          ...body,
          nonce: 'another',
        }),
        await guild.member.api.post<APIMessage>(`/channels/${guild.textChannelId}/messages`, body),
        await guild.owner.api.post<APIMessage>(`/channels/${other.id}/messages`, body),
      ]
      expectEqual(new Set(sent.map((m) => m.id)).size, 4, 'the number of different messages')
    },
  },
  {
    id: 'rest.messages.enforce-nonce.concurrent',
    title: 'Ten concurrent sends with one enforced nonce create one message and one event',
    covers: ['nonce'],
    async run(fixture) {
      const guild = await fixture.guild()
      const socket = await guild.member.connect()
      const path = `/channels/${guild.textChannelId}/messages`
      const body = { content: 'once', nonce: 'flood', enforce_nonce: true }
      const sent = await Promise.all(
        Array.from({ length: 10 }, () => guild.owner.api.post<APIMessage>(path, body)),
      )
      expectEqual(new Set(sent.map((m) => m.id)).size, 1, 'the number of different ids')
      await guild.awaitDelivery(socket)
      expectEqual(
        socket.received('MESSAGE_CREATE', (d) => d.content === 'once').map((d) => d.id),
        [sent[0]!.id],
        'the events',
      )
      expectEqual(
        (await guild.owner.api.get<APIMessage[]>(path)).filter((m) => m.content === 'once').length,
        1,
        'the number of stored messages',
      )
    },
  },
]
