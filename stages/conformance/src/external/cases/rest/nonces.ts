import type { APIMessage } from 'discord-api-types/v10'
import type { Case } from '../../case.ts'
import { holds, includes, same } from '../../expect.ts'
import { invalid } from '../../rest.ts'

export const nonceCases: readonly Case[] = [
  {
    id: 'rest.messages.nonce',
    sentence:
      'A nonce comes back in the answer as it was sent; by itself it keeps nothing from being sent twice',
    async run(world) {
      const guild = await world.guild()
      const path = `/channels/${guild.text}/messages`
      const text = await guild.owner.api.post<APIMessage>(path, { content: 'one', nonce: 'n-1' })
      same(text.nonce, 'n-1', 'a nonce of text')
      same(
        (await guild.owner.api.post<APIMessage>(path, { content: 'two', nonce: 42 })).nonce,
        42,
        'a nonce that is a number',
      )
      const again = await guild.owner.api.post<APIMessage>(path, { content: 'one', nonce: 'n-1' })
      holds(again.id !== text.id, 'sent again without enforce_nonce it is another message')
      await guild.owner.api.refused(invalid('nonce'), 'POST', path, {
        content: 'x',
        nonce: 'x'.repeat(26),
      })
    },
  },
  {
    id: 'rest.messages.nonce.integer',
    sentence:
      'A nonce that is an integer of 64 bits comes back as that integer, in the answer, in the history and in the event',
    async run(world) {
      const guild = await world.guild()
      const socket = await guild.member.connect()
      const path = `/channels/${guild.text}/messages`
      for (const nonce of ['9007199254740993', '-9223372036854775808', '9223372036854775807']) {
        const answer = await guild.owner.api.call('POST', path, undefined, {
          raw: `{"content":"big","nonce":${nonce}}`,
        })
        const asWritten = new RegExp(`"nonce":${nonce}[,}]`)
        holds(
          answer.status === 200 && asWritten.test(answer.text),
          `the answer has the nonce ${nonce}`,
          answer.text,
        )
        const { id } = answer.body as APIMessage
        await socket.next('MESSAGE_CREATE', (d) => d.id === id)
        const sent = socket.frames.find(
          (frame) => frame.t === 'MESSAGE_CREATE' && (frame.d as APIMessage).id === id,
        )!
        holds(asWritten.test(sent.text), `the event has the nonce ${nonce}`, sent.text)
        const page = await guild.owner.api.call('GET', `${path}/${id}`)
        holds(asWritten.test(page.text), `the history has the nonce ${nonce}`, page.text)
      }
      const text = await guild.owner.api.post<APIMessage>(path, {
        content: 'text',
        nonce: '9007199254740993',
      })
      same(text.nonce, '9007199254740993', 'the same digits as a text')
      await guild.owner.api.refused(invalid('nonce'), 'POST', path, undefined, {
        raw: '{"content":"x","nonce":9223372036854775808}',
      })
    },
  },
  {
    id: 'rest.messages.enforce-nonce',
    sentence:
      'With `enforce_nonce` a retried send gives the first message back, and one message is kept',
    async run(world) {
      const guild = await world.guild()
      const path = `/channels/${guild.text}/messages`
      const body = { content: 'once', nonce: 'retry-1', enforce_nonce: true }
      const first = await guild.owner.api.post<APIMessage>(path, body)
      const retried = await guild.owner.api.post<APIMessage>(path, body)
      includes(retried, { id: first.id, content: 'once' }, 'the retry')
      same(
        (await guild.owner.api.post<APIMessage>(path, { ...body, content: 'other words' })).content,
        'once',
        'a retry with other words',
      )
      same(
        (await guild.owner.api.get<APIMessage[]>(path)).map((m) => m.id),
        [first.id],
        'the history',
      )
    },
  },
  {
    id: 'rest.messages.enforce-nonce.scope',
    sentence: 'Another nonce, another author or another channel is another message',
    async run(world) {
      const guild = await world.guild()
      const other = await guild.channel()
      const body = { content: 'hi', nonce: 'same', enforce_nonce: true }
      const sent = [
        await guild.owner.api.post<APIMessage>(`/channels/${guild.text}/messages`, body),
        await guild.owner.api.post<APIMessage>(`/channels/${guild.text}/messages`, {
          ...body,
          nonce: 'another',
        }),
        await guild.member.api.post<APIMessage>(`/channels/${guild.text}/messages`, body),
        await guild.owner.api.post<APIMessage>(`/channels/${other.id}/messages`, body),
      ]
      same(new Set(sent.map((m) => m.id)).size, 4, 'how many messages there are')
    },
  },
  {
    id: 'rest.messages.enforce-nonce.concurrent',
    sentence: 'Ten sends at once with one enforced nonce are one message, and one event',
    async run(world) {
      const guild = await world.guild()
      const socket = await guild.member.connect()
      const path = `/channels/${guild.text}/messages`
      const body = { content: 'once', nonce: 'flood', enforce_nonce: true }
      const sent = await Promise.all(
        Array.from({ length: 10 }, () => guild.owner.api.post<APIMessage>(path, body)),
      )
      same(new Set(sent.map((m) => m.id)).size, 1, 'how many ids were answered')
      await guild.settle(socket)
      same(
        socket.seen('MESSAGE_CREATE', (d) => d.content === 'once').map((d) => d.id),
        [sent[0]!.id],
        'the events',
      )
      same(
        (await guild.owner.api.get<APIMessage[]>(path)).filter((m) => m.content === 'once').length,
        1,
        'how many are kept',
      )
    },
  },
]
