import type { APIUser } from 'discord-api-types/v10'
import { expectError, NOT_FOUND, UNAUTHORIZED } from '../../api-client.ts'
import type { Case } from '../../case.ts'
import { expectEqual, expectIncludes } from '../../expect.ts'
import { sendHead } from '../../raw-request.ts'

const prefixCase = (prefix: string): Case => ({
  id: `rest.prefix.${prefix === '/api' ? 'none' : prefix.slice(5)}`,
  title: `The API answers under ${prefix}`,
  covers: prefix === '/api/v10' ? ['intro.subset', 'rest.prefix'] : ['rest.prefix'],
  async run(fixture) {
    const ada = await fixture.user()
    const me = await ada.api.requestOk<APIUser>('GET', '/users/@me', undefined, { prefix })
    expectEqual(me.id, ada.id, 'the user’s id')
    expectError(
      await ada.api.request('GET', '/nowhere', undefined, { prefix }),
      NOT_FOUND,
      'an unknown route',
    )
  },
})

/** Rules of every request: prefix, authentication and content type. */
export const transportCases: readonly Case[] = [
  prefixCase('/api/v10'),
  prefixCase('/api/v9'),
  prefixCase('/api'),
  {
    id: 'rest.auth.bot',
    title: '`Authorization: Bot TOKEN` identifies the user',
    covers: ['rest.authorization'],
    async run(fixture) {
      const [ada, bob] = [await fixture.user(), await fixture.user('bob')]
      expectIncludes(await ada.api.get('/users/@me'), { id: ada.id, username: ada.username }, 'ada')
      expectIncludes(await bob.api.get('/users/@me'), { id: bob.id, username: bob.username }, 'bob')
    },
  },
  {
    id: 'rest.auth.before-body',
    title:
      'A request without a valid token is answered 401 before its body arrives, and the ' +
      'connection is closed',
    covers: ['errors.0'],
    async run(fixture) {
      const line = `POST /api/v10/channels/${(await fixture.guild()).textChannelId}/messages HTTP/1.1`
      const heads: Record<string, string>[] = [
        { 'content-length': '250000' },
        { 'transfer-encoding': 'chunked' },
        { 'content-length': '250000', authorization: 'Bot nonsense' },
      ]
      for (const headers of heads) {
        const sent = { 'content-type': 'application/json', ...headers }
        const response = await sendHead(fixture.target.baseUrl, line, sent, { untilClosed: true })
        expectEqual(
          response,
          { status: 401, closed: true },
          'the answer to a head without its body',
        )
      }
    },
  },
  {
    id: 'rest.auth.missing',
    title: 'Without a token every route answers 401 with code 0',
    covers: ['rest.authorization', 'errors.0'],
    async run(fixture) {
      const guild = await fixture.guild()
      const routes = [
        '/users/@me',
        '/users/@me/guilds',
        '/gateway/bot',
        `/guilds/${guild.id}`,
        `/channels/${guild.textChannelId}/messages`,
      ]
      for (const route of routes) await fixture.anonymous.expectError(UNAUTHORIZED, 'GET', route)
      await fixture.anonymous.expectError(
        UNAUTHORIZED,
        'POST',
        `/channels/${guild.textChannelId}/messages`,
        {
          content: 'who am I',
        },
      )
    },
  },
  {
    id: 'rest.auth.foreign',
    title: 'A token that the stage did not issue is answered 401, whatever its form',
    covers: ['rest.authorization', 'errors.0'],
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
    title: 'An unknown route is answered 404 with code 0',
    covers: ['errors.0'],
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
    title: 'Every response with a body has the content type `application/json` without a charset',
    covers: ['bites.content-type'],
    async run(fixture) {
      const guild = await fixture.guild()
      const { api } = guild.owner
      const messages = `/channels/${guild.textChannelId}/messages`
      const responses = [
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
      for (const response of responses)
        expectEqual(
          response.headers.get('content-type'),
          'application/json',
          `content type of a ${response.status} (${response.text.slice(0, 80)})`,
        )
    },
  },
]
