import type { APIDMChannel, APIUser } from 'discord-api-types/v10'
import { invalid, NO_ACCESS, UNAUTHORIZED, UNKNOWN_USER } from '../../api-client.ts'
import type { Case } from '../../case.ts'
import { expectEqual, expectFields, expectIncludes, expectTrue } from '../../expect.ts'

const NOBODY = '1000000000000000'

interface PartialGuild {
  readonly id: string
  readonly name: string
  readonly owner: boolean
  readonly permissions: string
}

export const userCases: readonly Case[] = [
  {
    id: 'rest.gateway.url',
    title: '`GET /gateway` needs no token and says where sockets go',
    async run(fixture) {
      const { url } = await fixture.anonymous.get<{ url: string }>('/gateway')
      expectTrue(/^wss?:\/\//.test(url), 'a WebSocket address', url)
      const socket = await fixture.openSocket({ url })
      await socket.nextFrame(10)
    },
  },
  {
    id: 'rest.gateway.bot',
    title: '`GET /gateway/bot` says how many shards and sessions a client may start',
    async run(fixture) {
      const ada = await fixture.user()
      const body = await ada.api.get<{
        url: string
        shards: number
        session_start_limit: Record<string, unknown>
      }>('/gateway/bot')
      expectTrue(/^wss?:\/\//.test(body.url), 'a WebSocket address', body.url)
      expectTrue(Number.isInteger(body.shards) && body.shards >= 1, 'shards', body.shards)
      for (const field of ['total', 'remaining', 'reset_after', 'max_concurrency'])
        expectTrue(
          Number.isInteger(body.session_start_limit[field]),
          `session_start_limit.${field} is an integer`,
          body,
        )
      expectTrue((body.session_start_limit.remaining as number) > 0, 'there are sessions to start')
      await fixture.anonymous.expectError(UNAUTHORIZED, 'GET', '/gateway/bot')
    },
  },
  {
    id: 'rest.users.me',
    title: '`/users/@me` is the user of the token',
    async run(fixture) {
      const ada = await fixture.user()
      const me = await ada.api.get<APIUser>('/users/@me')
      expectIncludes(me, { id: ada.id, username: ada.username }, 'me')
      expectFields(me, ['id', 'username', 'discriminator', 'global_name', 'avatar'], 'a user')
      for (const user of [me, await (await fixture.user('bob')).api.get(`/users/${ada.id}`)])
        expectIncludes(user, { flags: 0, public_flags: 0, primary_guild: null }, 'a user')
    },
  },
  {
    id: 'rest.users.get',
    title: '`/users/:id` is any user, met or not',
    async run(fixture) {
      const [ada, bob] = [await fixture.user(), await fixture.user('bob')]
      expectIncludes(
        await ada.api.get(`/users/${bob.id}`),
        { id: bob.id, username: bob.username },
        'bob',
      )
      expectIncludes(await ada.api.get(`/users/${ada.id}`), { id: ada.id }, 'oneself')
    },
  },
  {
    id: 'rest.users.unknown',
    title: 'An unknown user is 10013; an id that is none is an invalid form',
    async run(fixture) {
      const ada = await fixture.user()
      await ada.api.expectError(UNKNOWN_USER, 'GET', `/users/${NOBODY}`)
      for (const id of ['ada', '1.5', '-1', '99999999999999999999999', '0x10'])
        await ada.api.expectError(invalid(), 'GET', `/users/${id}`)
    },
  },
  {
    id: 'rest.users.guilds',
    title: '`/users/@me/guilds` lists the guilds one is in, and what one may do there',
    async run(fixture) {
      const guild = await fixture.guild()
      const own = await guild.owner.api.get<PartialGuild[]>('/users/@me/guilds')
      expectEqual(
        own.map((each) => each.id),
        [guild.id],
        'the owner’s guilds',
      )
      expectIncludes(own[0], { name: guild.name, owner: true }, 'the guild to its owner')
      const [theirs] = await guild.member.api.get<PartialGuild[]>('/users/@me/guilds')
      expectIncludes(theirs, { id: guild.id, owner: false }, 'the guild to a member')
      for (const each of [own[0], theirs])
        expectTrue(/^[0-9]+$/.test(each!.permissions), 'permissions are a string of digits', each)
      expectEqual(
        await (await fixture.user()).api.get('/users/@me/guilds'),
        [],
        'a newcomer’s guilds',
      )
    },
  },
  {
    id: 'rest.users.guilds.pages',
    title: 'The list of one’s guilds is paged by limit, after and before, in order of ids',
    async run(fixture) {
      const ada = await fixture.user()
      const made: string[] = []
      for (let i = 0; i < 5; i++)
        made.push((await ada.api.post<{ id: string }>('/guilds', { name: `guild ${i}` })).id)
      const ids = async (query: string): Promise<string[]> =>
        (await ada.api.get<PartialGuild[]>(`/users/@me/guilds${query}`)).map((g) => g.id)
      expectEqual(await ids('?limit=2'), made.slice(0, 2), 'the first two')
      expectEqual(await ids(`?limit=2&after=${made[1]}`), made.slice(2, 4), 'the next two')
      expectEqual(await ids(`?after=${made[4]}`), [], 'after the last')
      expectEqual(
        await ids(`?limit=2&before=${made[4]}`),
        made.slice(2, 4),
        'the two before the last',
      )
      for (const limit of ['0', '201', 'abc'])
        await ada.api.expectError(invalid('limit'), 'GET', `/users/@me/guilds?limit=${limit}`)
    },
  },
  {
    id: 'rest.users.dm.open',
    title:
      'A direct message is opened with one other user, and is the same channel for both, however often',
    async run(fixture) {
      const [ada, bob] = [await fixture.user(), await fixture.user('bob')]
      const dm = await ada.api.post<APIDMChannel>('/users/@me/channels', { recipient_id: bob.id })
      expectIncludes(dm, { type: 1 }, 'a direct message')
      expectEqual(
        dm.recipients?.map((user) => user.id),
        [bob.id],
        'its recipients, as ada sees them',
      )
      expectEqual(
        (await ada.api.post<APIDMChannel>('/users/@me/channels', { recipient_id: bob.id })).id,
        dm.id,
        'opened again',
      )
      const back = await bob.api.post<APIDMChannel>('/users/@me/channels', { recipient_id: ada.id })
      expectEqual(back.id, dm.id, 'opened from the other side')
      expectEqual(
        back.recipients?.map((user) => user.id),
        [ada.id],
        'its recipients, as bob sees them',
      )
    },
  },
  {
    id: 'rest.users.dm.concurrent',
    title: 'Two people who open a direct message with each other at the same time get one channel',
    async run(fixture) {
      const [ada, bob] = [await fixture.user(), await fixture.user('bob')]
      const opened = await Promise.all(
        Array.from({ length: 6 }, (_, i) => {
          const [from, to] = i % 2 === 0 ? [ada, bob] : [bob, ada]
          return from.api.post<APIDMChannel>('/users/@me/channels', { recipient_id: to.id })
        }),
      )
      expectEqual(new Set(opened.map((each) => each.id)).size, 1, 'how many channels there are')
    },
  },
  {
    id: 'rest.users.dm.list',
    title: '`GET /users/@me/channels` lists one’s direct messages',
    async run(fixture) {
      const [ada, bob] = [await fixture.user(), await fixture.user('bob')]
      const dm = await ada.api.post<APIDMChannel>('/users/@me/channels', { recipient_id: bob.id })
      for (const [who, other] of [
        [ada, bob],
        [bob, ada],
      ] as const) {
        const list = await who.api.get<APIDMChannel[]>('/users/@me/channels')
        expectEqual(
          list.map((each) => each.id),
          [dm.id],
          `${who.name}’s direct messages`,
        )
        expectEqual(
          list[0]!.recipients?.map((user) => user.id),
          [other.id],
          'with whom',
        )
      }
    },
  },
  {
    id: 'rest.users.dm.invalid',
    title: 'A direct message with nobody is refused',
    async run(fixture) {
      const ada = await fixture.user()
      await ada.api.expectError(UNKNOWN_USER, 'POST', '/users/@me/channels', {
        recipient_id: NOBODY,
      })
      for (const recipient_id of ['bob', '', null, {}, -1])
        await ada.api.expectError(invalid('recipient_id'), 'POST', '/users/@me/channels', {
          recipient_id,
        })
      await ada.api.expectError(
        invalid('recipient_id', 'BASE_TYPE_REQUIRED'),
        'POST',
        '/users/@me/channels',
        {},
      )
    },
  },
  {
    id: 'rest.users.dm.private',
    title: 'A direct message is for its two people: both write and read, a third has no access',
    async run(fixture) {
      const [ada, bob, eve] = [
        await fixture.user(),
        await fixture.user('bob'),
        await fixture.user('eve'),
      ]
      const { id } = await ada.api.post<APIDMChannel>('/users/@me/channels', {
        recipient_id: bob.id,
      })
      await ada.api.post(`/channels/${id}/messages`, { content: 'to bob' })
      await bob.api.post(`/channels/${id}/messages`, { content: 'to ada' })
      for (const who of [ada, bob])
        expectEqual(
          (await who.api.get<{ content: string }[]>(`/channels/${id}/messages`)).map(
            (m) => m.content,
          ),
          ['to ada', 'to bob'],
          'what was said',
        )
      await eve.api.expectError(NO_ACCESS, 'GET', `/channels/${id}`)
      await eve.api.expectError(NO_ACCESS, 'GET', `/channels/${id}/messages`)
      await eve.api.expectError(NO_ACCESS, 'POST', `/channels/${id}/messages`, { content: 'hi' })
    },
  },
  {
    id: 'rest.application.me',
    title:
      '`/oauth2/applications/@me` is the application of the token, by whose id libraries know themselves',
    async run(fixture) {
      const ada = await fixture.user()
      const application = await ada.api.get<{ id: string }>('/oauth2/applications/@me')
      expectFields(
        application,
        ['id', 'name', 'icon', 'description', 'bot_public', 'bot_require_code_grant', 'verify_key'],
        'an application',
      )
      expectIncludes(
        application,
        {
          type: null,
          interactions_endpoint_url: null,
          role_connections_verification_url: null,
          explicit_content_filter: 0,
          eligible_oauth2_scopes: [],
        },
        'an application',
      )
      expectTrue(
        typeof (application as { flags_new?: unknown }).flags_new === 'string',
        'flags_new is a string',
        application,
      )
      expectEqual(await ada.api.get('/applications/@me'), application, 'its other address')
      const { ready } = await ada.login()
      expectEqual(application.id, ready.application.id, 'its id, and READY’s')
    },
  },
]
