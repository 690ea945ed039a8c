import type { APIMessage, APIUser } from 'discord-api-types/v10'
import type { Case } from '../../case.ts'
import { includes, same } from '../../expect.ts'
import { sendHead } from '../../raw-http.ts'
import { EMPTY, invalid, MALFORMED, NOT_FOUND, refusedWith, UNAUTHORIZED } from '../../rest.ts'

const prefixed = (prefix: string): Case => ({
  id: `rest.prefix.${prefix === '/api' ? 'none' : prefix.slice(5)}`,
  sentence: `The API answers under ${prefix}`,
  async run(world) {
    const ada = await world.user()
    const me = await ada.api.ask<APIUser>('GET', '/users/@me', undefined, { prefix })
    same(me.id, ada.id, 'who I am')
    refusedWith(
      await ada.api.call('GET', '/nowhere', undefined, { prefix }),
      NOT_FOUND,
      'an unknown route',
    )
  },
})

/** What holds for every request: where, who, and in which form. */
export const transportCases: readonly Case[] = [
  prefixed('/api/v10'),
  prefixed('/api/v9'),
  prefixed('/api'),
  {
    id: 'rest.auth.bot',
    sentence: '`Authorization: Bot TOKEN` says who asks',
    async run(world) {
      const [ada, bob] = [await world.user(), await world.user('bob')]
      includes(await ada.api.get('/users/@me'), { id: ada.id, username: ada.username }, 'ada')
      includes(await bob.api.get('/users/@me'), { id: bob.id, username: bob.username }, 'bob')
    },
  },
  {
    id: 'rest.auth.before-body',
    sentence:
      'Without a token a body is not waited for: 401 comes first, and then the connection ends',
    async run(world) {
      const line = `POST /api/v10/channels/${(await world.guild()).text}/messages HTTP/1.1`
      const heads: Record<string, string>[] = [
        { 'content-length': '250000' },
        { 'transfer-encoding': 'chunked' },
        { 'content-length': '250000', authorization: 'Bot nonsense' },
      ]
      for (const headers of heads) {
        const sent = { 'content-type': 'application/json', ...headers }
        const answer = await sendHead(world.target.baseUrl, line, sent, { untilClosed: true })
        same(answer, { status: 401, closed: true }, 'the answer to a head without its body')
      }
    },
  },
  {
    id: 'rest.auth.missing',
    sentence: 'Without a token every route of the API answers 401 with code 0',
    async run(world) {
      const guild = await world.guild()
      const routes = [
        '/users/@me',
        '/users/@me/guilds',
        '/gateway/bot',
        `/guilds/${guild.id}`,
        `/channels/${guild.text}/messages`,
      ]
      for (const route of routes) await world.anonymous.refused(UNAUTHORIZED, 'GET', route)
      await world.anonymous.refused(UNAUTHORIZED, 'POST', `/channels/${guild.text}/messages`, {
        content: 'who am I',
      })
    },
  },
  {
    id: 'rest.auth.foreign',
    sentence: 'A token that the stage did not give out is 401, whatever it looks like',
    async run(world) {
      const ada = await world.user()
      const bob = await world.user('bob')
      const [head, ...rest] = ada.token.split('.')
      const forged = [
        'Bot ',
        'Bot nonsense',
        `Bot ${ada.token}x`,
        `Bot ${ada.token.slice(0, -2)}`,
        `Bot ${bob.token.split('.')[0]}.${rest.join('.')}`,
        `Bot ${head}..`,
        `Basic ${ada.token}`,
        `Bot ${'A'.repeat(5_000)}`,
      ]
      for (const authorization of forged)
        await world.api('forger', authorization).refused(UNAUTHORIZED, 'GET', '/users/@me')
    },
  },
  {
    id: 'rest.unknown-route',
    sentence: 'An unknown route is 404 with code 0',
    async run(world) {
      const ada = await world.user()
      for (const path of [
        '/',
        '/nowhere',
        '/users',
        '/guilds/1/nowhere',
        '/channels/1/messages/2/reactions',
      ])
        await ada.api.refused(NOT_FOUND, 'GET', path)
      await ada.api.refused(NOT_FOUND, 'GET', '/users/@me', undefined, { prefix: '/api/v3' })
    },
  },
  {
    id: 'rest.content-type',
    sentence: 'Every answer with a body is exactly `application/json`, without a charset',
    async run(world) {
      const guild = await world.guild()
      const { api } = guild.owner
      const messages = `/channels/${guild.text}/messages`
      const answers = [
        await api.call('GET', '/users/@me'),
        await api.call('POST', messages, { content: 'hi' }),
        await api.call('POST', `/guilds/${guild.id}/channels`, { name: 'more' }),
        await api.call('GET', messages),
        await api.call('POST', messages, {}),
        await api.call('POST', messages, undefined, { raw: '{' }),
        await api.call('GET', '/channels/1'),
        await api.call('GET', '/nowhere'),
        await world.anonymous.call('GET', '/users/@me'),
        await world.anonymous.call('GET', '/gateway'),
        await guild.member.api.call('DELETE', `/guilds/${guild.id}`),
      ]
      for (const answer of answers)
        same(
          answer.headers.get('content-type'),
          'application/json',
          `content type of a ${answer.status} (${answer.text.slice(0, 80)})`,
        )
    },
  },
  {
    id: 'rest.json.malformed',
    sentence: 'A body that is no JSON is 400 with code 50109',
    async run(world) {
      const guild = await world.guild()
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
        await guild.owner.api.refused(
          MALFORMED,
          'POST',
          `/channels/${guild.text}/messages`,
          undefined,
          { raw },
        )
      // So deep that a recursive reader would end the process.
      const deep = `{"content":${'['.repeat(20_000)}${']'.repeat(20_000)}}`
      await guild.owner.api.refused(
        MALFORMED,
        'POST',
        `/channels/${guild.text}/messages`,
        undefined,
        { raw: deep },
      )
      const latin1 = Uint8Array.from([0x7b, 0x22, 0x63, 0x22, 0x3a, 0x22, 0xe4, 0xff, 0x22, 0x7d])
      await guild.owner.api.refused(
        MALFORMED,
        'POST',
        `/channels/${guild.text}/messages`,
        undefined,
        { raw: latin1 },
      )
    },
  },
  {
    id: 'rest.json.not-a-form',
    sentence: 'JSON that is no form, or a field of the wrong type, is 400 with code 50035',
    async run(world) {
      const guild = await world.guild()
      const path = `/channels/${guild.text}/messages`
      for (const body of [[], 'text', 7])
        await guild.owner.api.refused(invalid(), 'POST', path, body)
      for (const content of [{ $gt: '' }, ['a'], true])
        await guild.owner.api.refused(invalid('content'), 'POST', path, { content })
      await guild.owner.api.refused(invalid('recipient_id'), 'POST', '/users/@me/channels', {
        recipient_id: { $ne: null },
      })
      await guild.owner.api.refused(invalid('name'), 'POST', `/guilds/${guild.id}/channels`, {
        name: {},
      })
    },
  },
  {
    id: 'rest.json.too-large',
    sentence: 'A body of megabytes is refused with 413, and the stage goes on',
    async run(world) {
      const guild = await world.guild()
      const raw = JSON.stringify({ content: 'x'.repeat(4_000_000) })
      const answer = await guild.owner.api.call(
        'POST',
        `/channels/${guild.text}/messages`,
        undefined,
        { raw },
      )
      same(answer.status, 413, 'status')
      await guild.say('still here')
    },
  },
  {
    id: 'rest.json.charset',
    sentence: 'A request may name its charset, and text outside ASCII comes back as it was',
    async run(world) {
      const guild = await world.guild()
      const content = 'Ünïcödé 漢字 🜁 “ok”'
      const sent = await guild.owner.api.post<APIMessage>(
        `/channels/${guild.text}/messages`,
        { content },
        {
          headers: { 'content-type': 'application/json; charset=utf-8' },
        },
      )
      same(sent.content, content, 'the content')
      same(
        (await guild.member.api.get<APIMessage>(`/channels/${guild.text}/messages/${sent.id}`))
          .content,
        content,
        'the content, read',
      )
    },
  },
  {
    id: 'rest.json.empty-body',
    sentence: 'A send without a body is an empty message, not malformed JSON',
    async run(world) {
      const guild = await world.guild()
      await guild.owner.api.refused(EMPTY, 'POST', `/channels/${guild.text}/messages`)
    },
  },
]
