import type { APIDMChannel, APIUser } from 'discord-api-types/v10'
import type { Case } from '../../case.ts'
import { hasFields, holds, includes, same } from '../../expect.ts'
import { invalid, NO_ACCESS, UNAUTHORIZED, UNKNOWN_USER } from '../../rest.ts'

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
    sentence: '`GET /gateway` needs no token and says where sockets go',
    async run(world) {
      const { url } = await world.anonymous.get<{ url: string }>('/gateway')
      holds(/^wss?:\/\//.test(url), 'a WebSocket address', url)
      const socket = await world.socket({ url })
      await socket.frame(10)
    },
  },
  {
    id: 'rest.gateway.bot',
    sentence: '`GET /gateway/bot` says how many shards and sessions a client may start',
    async run(world) {
      const ada = await world.user()
      const body = await ada.api.get<{
        url: string
        shards: number
        session_start_limit: Record<string, unknown>
      }>('/gateway/bot')
      holds(/^wss?:\/\//.test(body.url), 'a WebSocket address', body.url)
      holds(Number.isInteger(body.shards) && body.shards >= 1, 'shards', body.shards)
      for (const field of ['total', 'remaining', 'reset_after', 'max_concurrency'])
        holds(
          Number.isInteger(body.session_start_limit[field]),
          `session_start_limit.${field} is an integer`,
          body,
        )
      holds((body.session_start_limit.remaining as number) > 0, 'there are sessions to start')
      await world.anonymous.refused(UNAUTHORIZED, 'GET', '/gateway/bot')
    },
  },
  {
    id: 'rest.users.me',
    sentence: '`/users/@me` is the user of the token',
    async run(world) {
      const ada = await world.user()
      const me = await ada.api.get<APIUser>('/users/@me')
      includes(me, { id: ada.id, username: ada.username }, 'me')
      hasFields(me, ['id', 'username', 'discriminator', 'global_name', 'avatar'], 'a user')
      for (const user of [me, await (await world.user('bob')).api.get(`/users/${ada.id}`)])
        includes(user, { flags: 0, public_flags: 0, primary_guild: null }, 'a user')
    },
  },
  {
    id: 'rest.users.get',
    sentence: '`/users/:id` is any user, met or not',
    async run(world) {
      const [ada, bob] = [await world.user(), await world.user('bob')]
      includes(await ada.api.get(`/users/${bob.id}`), { id: bob.id, username: bob.username }, 'bob')
      includes(await ada.api.get(`/users/${ada.id}`), { id: ada.id }, 'oneself')
    },
  },
  {
    id: 'rest.users.unknown',
    sentence: 'An unknown user is 10013; an id that is none is an invalid form',
    async run(world) {
      const ada = await world.user()
      await ada.api.refused(UNKNOWN_USER, 'GET', `/users/${NOBODY}`)
      for (const id of ['ada', '1.5', '-1', '99999999999999999999999', '0x10'])
        await ada.api.refused(invalid(), 'GET', `/users/${id}`)
    },
  },
  {
    id: 'rest.users.guilds',
    sentence: '`/users/@me/guilds` lists the guilds one is in, and what one may do there',
    async run(world) {
      const guild = await world.guild()
      const own = await guild.owner.api.get<PartialGuild[]>('/users/@me/guilds')
      same(
        own.map((each) => each.id),
        [guild.id],
        'the owner’s guilds',
      )
      includes(own[0], { name: guild.name, owner: true }, 'the guild to its owner')
      const [theirs] = await guild.member.api.get<PartialGuild[]>('/users/@me/guilds')
      includes(theirs, { id: guild.id, owner: false }, 'the guild to a member')
      for (const each of [own[0], theirs])
        holds(/^[0-9]+$/.test(each!.permissions), 'permissions are a string of digits', each)
      same(await (await world.user()).api.get('/users/@me/guilds'), [], 'a newcomer’s guilds')
    },
  },
  {
    id: 'rest.users.guilds.pages',
    sentence: 'The list of one’s guilds is paged by limit, after and before, in order of ids',
    async run(world) {
      const ada = await world.user()
      const made: string[] = []
      for (let i = 0; i < 5; i++)
        made.push((await ada.api.post<{ id: string }>('/guilds', { name: `guild ${i}` })).id)
      const ids = async (query: string): Promise<string[]> =>
        (await ada.api.get<PartialGuild[]>(`/users/@me/guilds${query}`)).map((g) => g.id)
      same(await ids('?limit=2'), made.slice(0, 2), 'the first two')
      same(await ids(`?limit=2&after=${made[1]}`), made.slice(2, 4), 'the next two')
      same(await ids(`?after=${made[4]}`), [], 'after the last')
      same(await ids(`?limit=2&before=${made[4]}`), made.slice(2, 4), 'the two before the last')
      for (const limit of ['0', '201', 'abc'])
        await ada.api.refused(invalid('limit'), 'GET', `/users/@me/guilds?limit=${limit}`)
    },
  },
  {
    id: 'rest.users.dm.open',
    sentence:
      'A direct message is opened with one other user, and is the same channel for both, however often',
    async run(world) {
      const [ada, bob] = [await world.user(), await world.user('bob')]
      const dm = await ada.api.post<APIDMChannel>('/users/@me/channels', { recipient_id: bob.id })
      includes(dm, { type: 1 }, 'a direct message')
      same(
        dm.recipients?.map((user) => user.id),
        [bob.id],
        'its recipients, as ada sees them',
      )
      same(
        (await ada.api.post<APIDMChannel>('/users/@me/channels', { recipient_id: bob.id })).id,
        dm.id,
        'opened again',
      )
      const back = await bob.api.post<APIDMChannel>('/users/@me/channels', { recipient_id: ada.id })
      same(back.id, dm.id, 'opened from the other side')
      same(
        back.recipients?.map((user) => user.id),
        [ada.id],
        'its recipients, as bob sees them',
      )
    },
  },
  {
    id: 'rest.users.dm.concurrent',
    sentence:
      'Two people who open a direct message with each other at the same time get one channel',
    async run(world) {
      const [ada, bob] = [await world.user(), await world.user('bob')]
      const opened = await Promise.all(
        Array.from({ length: 6 }, (_, i) => {
          const [from, to] = i % 2 === 0 ? [ada, bob] : [bob, ada]
          return from.api.post<APIDMChannel>('/users/@me/channels', { recipient_id: to.id })
        }),
      )
      same(new Set(opened.map((each) => each.id)).size, 1, 'how many channels there are')
    },
  },
  {
    id: 'rest.users.dm.list',
    sentence: '`GET /users/@me/channels` lists one’s direct messages',
    async run(world) {
      const [ada, bob] = [await world.user(), await world.user('bob')]
      const dm = await ada.api.post<APIDMChannel>('/users/@me/channels', { recipient_id: bob.id })
      for (const [who, other] of [
        [ada, bob],
        [bob, ada],
      ] as const) {
        const list = await who.api.get<APIDMChannel[]>('/users/@me/channels')
        same(
          list.map((each) => each.id),
          [dm.id],
          `${who.name}’s direct messages`,
        )
        same(
          list[0]!.recipients?.map((user) => user.id),
          [other.id],
          'with whom',
        )
      }
    },
  },
  {
    id: 'rest.users.dm.invalid',
    sentence: 'A direct message with nobody is refused',
    async run(world) {
      const ada = await world.user()
      await ada.api.refused(UNKNOWN_USER, 'POST', '/users/@me/channels', { recipient_id: NOBODY })
      for (const recipient_id of ['bob', '', null, {}, -1])
        await ada.api.refused(invalid('recipient_id'), 'POST', '/users/@me/channels', {
          recipient_id,
        })
      await ada.api.refused(
        invalid('recipient_id', 'BASE_TYPE_REQUIRED'),
        'POST',
        '/users/@me/channels',
        {},
      )
    },
  },
  {
    id: 'rest.users.dm.private',
    sentence: 'A direct message is for its two people: both write and read, a third has no access',
    async run(world) {
      const [ada, bob, eve] = [await world.user(), await world.user('bob'), await world.user('eve')]
      const { id } = await ada.api.post<APIDMChannel>('/users/@me/channels', {
        recipient_id: bob.id,
      })
      await ada.api.post(`/channels/${id}/messages`, { content: 'to bob' })
      await bob.api.post(`/channels/${id}/messages`, { content: 'to ada' })
      for (const who of [ada, bob])
        same(
          (await who.api.get<{ content: string }[]>(`/channels/${id}/messages`)).map(
            (m) => m.content,
          ),
          ['to ada', 'to bob'],
          'what was said',
        )
      await eve.api.refused(NO_ACCESS, 'GET', `/channels/${id}`)
      await eve.api.refused(NO_ACCESS, 'GET', `/channels/${id}/messages`)
      await eve.api.refused(NO_ACCESS, 'POST', `/channels/${id}/messages`, { content: 'hi' })
    },
  },
  {
    id: 'rest.application.me',
    sentence:
      '`/oauth2/applications/@me` is the application of the token, by whose id libraries know themselves',
    async run(world) {
      const ada = await world.user()
      const application = await ada.api.get<{ id: string }>('/oauth2/applications/@me')
      hasFields(
        application,
        ['id', 'name', 'icon', 'description', 'bot_public', 'bot_require_code_grant', 'verify_key'],
        'an application',
      )
      includes(
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
      holds(
        typeof (application as { flags_new?: unknown }).flags_new === 'string',
        'flags_new is a string',
        application,
      )
      same(await ada.api.get('/applications/@me'), application, 'its other address')
      const { ready } = await ada.login()
      same(application.id, ready.application.id, 'its id, and READY’s')
    },
  },
]
