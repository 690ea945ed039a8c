import type { APIUser } from 'discord-api-types/v10'
import { invalid, UNKNOWN_USER } from '../../api-client.ts'
import type { Case } from '../../case.ts'
import { expectEqual, expectFields, expectIncludes, expectTrue } from '../../expect.ts'
import { UNKNOWN_ID } from '../../snowflakes.ts'

interface PartialGuild {
  readonly id: string
  readonly name: string
  readonly owner: boolean
  readonly permissions: string
}

export const userCases: readonly Case[] = [
  {
    id: 'rest.users.me',
    title: '`/users/@me` answers the user of the token',
    covers: ['rest.route.users'],
    async run(fixture) {
      const ada = await fixture.user()
      const me = await ada.api.get<APIUser>('/users/@me')
      expectIncludes(me, { id: ada.id, username: ada.username }, 'the user')
      expectFields(me, ['id', 'username', 'discriminator', 'global_name', 'avatar'], 'a user')
      for (const user of [me, await (await fixture.user('bob')).api.get(`/users/${ada.id}`)])
        expectIncludes(user, { flags: 0, public_flags: 0, primary_guild: null }, 'a user')
    },
  },
  {
    id: 'rest.users.get',
    title: '`/users/:id` answers any user',
    covers: ['rest.route.users'],
    async run(fixture) {
      const [ada, bob] = [await fixture.user(), await fixture.user('bob')]
      expectIncludes(
        await ada.api.get(`/users/${bob.id}`),
        { id: bob.id, username: bob.username },
        'bob',
      )
      expectIncludes(await ada.api.get(`/users/${ada.id}`), { id: ada.id }, 'the user’s own answer')
    },
  },
  {
    id: 'rest.users.unknown',
    title: 'An unknown user is answered 10013; an id that is not a snowflake is an invalid form',
    covers: ['rest.route.users', 'errors.10013', 'errors.50035'],
    async run(fixture) {
      const ada = await fixture.user()
      await ada.api.expectError(UNKNOWN_USER, 'GET', `/users/${UNKNOWN_ID}`)
      for (const id of ['ada', '1.5', '-1', '99999999999999999999999', '0x10'])
        await ada.api.expectError(invalid(), 'GET', `/users/${id}`)
    },
  },
  {
    id: 'rest.users.guilds',
    title: '`/users/@me/guilds` lists the user’s guilds, with ownership and permissions',
    covers: ['rest.route.users'],
    async run(fixture) {
      const guild = await fixture.guild()
      const own = await guild.owner.api.get<PartialGuild[]>('/users/@me/guilds')
      expectEqual(
        own.map((each) => each.id),
        [guild.id],
        'the owner’s guilds',
      )
      expectIncludes(own[0], { name: guild.name, owner: true }, 'the guild to its owner')
      const [asMember] = await guild.member.api.get<PartialGuild[]>('/users/@me/guilds')
      expectIncludes(asMember, { id: guild.id, owner: false }, 'the guild to a member')
      for (const each of [own[0], asMember])
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
    title:
      'The list of the user’s guilds is paged by `limit`, `after` and `before`, in ascending ' +
      'order of ids',
    covers: ['rest.route.users'],
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
        'two guilds before the last',
      )
      for (const limit of ['0', '201', 'abc'])
        await ada.api.expectError(invalid('limit'), 'GET', `/users/@me/guilds?limit=${limit}`)
    },
  },
  {
    id: 'rest.application.me',
    title: '`/oauth2/applications/@me` is the token’s application, with the same id as in READY',
    covers: ['rest.route.users', 'gateway.ready'],
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
