import type { APIMessage, APIUser } from 'discord-api-types/v10'
import {
  EMPTY,
  expectError,
  invalid,
  MALFORMED,
  NOT_FOUND,
  UNAUTHORIZED,
} from '../../api-client.ts'
import type { Case } from '../../case.ts'
import { expectEqual, expectIncludes } from '../../expect.ts'
import { sendHead } from '../../raw-request.ts'

const prefixed = (prefix: string): Case => ({
  id: `rest.prefix.${prefix === '/api' ? 'none' : prefix.slice(5)}`,
  title: `The API answers under ${prefix}`,
  async run(fixture) {
    const ada = await fixture.user()
    const me = await ada.api.requestOk<APIUser>('GET', '/users/@me', undefined, { prefix })
    expectEqual(me.id, ada.id, 'who I am')
    expectError(
      await ada.api.request('GET', '/nowhere', undefined, { prefix }),
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
    title: '`Authorization: Bot TOKEN` says who asks',
    async run(fixture) {
      const [ada, bob] = [await fixture.user(), await fixture.user('bob')]
      expectIncludes(await ada.api.get('/users/@me'), { id: ada.id, username: ada.username }, 'ada')
      expectIncludes(await bob.api.get('/users/@me'), { id: bob.id, username: bob.username }, 'bob')
    },
  },
  {
    id: 'rest.auth.before-body',
    title:
      'Without a token a body is not waited for: 401 comes first, and then the connection ends',
    async run(fixture) {
      const line = `POST /api/v10/channels/${(await fixture.guild()).textId}/messages HTTP/1.1`
      const heads: Record<string, string>[] = [
        { 'content-length': '250000' },
        { 'transfer-encoding': 'chunked' },
        { 'content-length': '250000', authorization: 'Bot nonsense' },
      ]
      for (const headers of heads) {
        const sent = { 'content-type': 'application/json', ...headers }
        const answer = await sendHead(fixture.target.baseUrl, line, sent, { untilClosed: true })
        expectEqual(answer, { status: 401, closed: true }, 'the answer to a head without its body')
      }
    },
  },
  {
    id: 'rest.auth.missing',
    title: 'Without a token every route of the API answers 401 with code 0',
    async run(fixture) {
      const guild = await fixture.guild()
      const routes = [
        '/users/@me',
        '/users/@me/guilds',
        '/gateway/bot',
        `/guilds/${guild.id}`,
        `/channels/${guild.textId}/messages`,
      ]
      for (const route of routes) await fixture.anonymous.expectError(UNAUTHORIZED, 'GET', route)
      await fixture.anonymous.expectError(
        UNAUTHORIZED,
        'POST',
        `/channels/${guild.textId}/messages`,
        {
          content: 'who am I',
        },
      )
    },
  },
  {
    id: 'rest.auth.foreign',
    title: 'A token that the stage did not give out is 401, whatever it looks like',
    async run(fixture) {
      const ada = await fixture.user()
      const bob = await fixture.user('bob')
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
        await fixture.api('forger', authorization).expectError(UNAUTHORIZED, 'GET', '/users/@me')
    },
  },
  {
    id: 'rest.unknown-route',
    title: 'An unknown route is 404 with code 0',
    async run(fixture) {
      const ada = await fixture.user()
      for (const path of [
        '/',
        '/nowhere',
        '/users',
        '/guilds/1/nowhere',
        '/channels/1/messages/2/reactions',
      ])
        await ada.api.expectError(NOT_FOUND, 'GET', path)
      await ada.api.expectError(NOT_FOUND, 'GET', '/users/@me', undefined, { prefix: '/api/v3' })
    },
  },
  {
    id: 'rest.content-type',
    title: 'Every answer with a body is exactly `application/json`, without a charset',
    async run(fixture) {
      const guild = await fixture.guild()
      const { api } = guild.owner
      const messages = `/channels/${guild.textId}/messages`
      const answers = [
        await api.request('GET', '/users/@me'),
        await api.request('POST', messages, { content: 'hi' }),
        await api.request('POST', `/guilds/${guild.id}/channels`, { name: 'more' }),
        await api.request('GET', messages),
        await api.request('POST', messages, {}),
        await api.request('POST', messages, undefined, { raw: '{' }),
        await api.request('GET', '/channels/1'),
        await api.request('GET', '/nowhere'),
        await fixture.anonymous.request('GET', '/users/@me'),
        await fixture.anonymous.request('GET', '/gateway'),
        await guild.member.api.request('DELETE', `/guilds/${guild.id}`),
      ]
      for (const answer of answers)
        expectEqual(
          answer.headers.get('content-type'),
          'application/json',
          `content type of a ${answer.status} (${answer.text.slice(0, 80)})`,
        )
    },
  },
  {
    id: 'rest.json.malformed',
    title: 'A body that is no JSON is 400 with code 50109',
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
          MALFORMED,
          'POST',
          `/channels/${guild.textId}/messages`,
          undefined,
          { raw },
        )
      // So deep that a recursive reader would end the process.
      const deep = `{"content":${'['.repeat(20_000)}${']'.repeat(20_000)}}`
      await guild.owner.api.expectError(
        MALFORMED,
        'POST',
        `/channels/${guild.textId}/messages`,
        undefined,
        { raw: deep },
      )
      const latin1 = Uint8Array.from([0x7b, 0x22, 0x63, 0x22, 0x3a, 0x22, 0xe4, 0xff, 0x22, 0x7d])
      await guild.owner.api.expectError(
        MALFORMED,
        'POST',
        `/channels/${guild.textId}/messages`,
        undefined,
        { raw: latin1 },
      )
    },
  },
  {
    id: 'rest.json.not-a-form',
    title: 'JSON that is no form, or a field of the wrong type, is 400 with code 50035',
    async run(fixture) {
      const guild = await fixture.guild()
      const path = `/channels/${guild.textId}/messages`
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
    title: 'A body of megabytes is refused with 413, and the stage goes on',
    async run(fixture) {
      const guild = await fixture.guild()
      const raw = JSON.stringify({ content: 'x'.repeat(4_000_000) })
      const answer = await guild.owner.api.request(
        'POST',
        `/channels/${guild.textId}/messages`,
        undefined,
        { raw },
      )
      expectEqual(answer.status, 413, 'status')
      await guild.send('still here')
    },
  },
  {
    id: 'rest.json.charset',
    title: 'A request may name its charset, and text outside ASCII comes back as it was',
    async run(fixture) {
      const guild = await fixture.guild()
      const content = 'Ünïcödé 漢字 🜁 “ok”'
      const sent = await guild.owner.api.post<APIMessage>(
        `/channels/${guild.textId}/messages`,
        { content },
        {
          headers: { 'content-type': 'application/json; charset=utf-8' },
        },
      )
      expectEqual(sent.content, content, 'the content')
      expectEqual(
        (await guild.member.api.get<APIMessage>(`/channels/${guild.textId}/messages/${sent.id}`))
          .content,
        content,
        'the content, read',
      )
    },
  },
  {
    id: 'rest.json.empty-body',
    title: 'A send without a body is an empty message, not malformed JSON',
    async run(fixture) {
      const guild = await fixture.guild()
      await guild.owner.api.expectError(EMPTY, 'POST', `/channels/${guild.textId}/messages`)
    },
  },
]
