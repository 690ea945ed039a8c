import type { APIGuild } from 'discord-api-types/v10'
import { invalid, NO_ACCESS, UNKNOWN_GUILD } from '../../api-client.ts'
import type { Case } from '../../case.ts'
import {
  expectEqual,
  expectFields,
  expectIncludes,
  expectSnowflake,
  expectTrue,
} from '../../expect.ts'
import { UNKNOWN_ID } from '../../snowflakes.ts'

export const guildCases: readonly Case[] = [
  {
    id: 'rest.guilds.create',
    title:
      '`POST /guilds` creates a guild owned by its creator, with a role `@everyone` that has ' +
      'the guild’s id',
    covers: ['rest.route.guilds', 'gateway.everyone'],
    async run(fixture) {
      const ada = await fixture.user()
      const response = await ada.api.request('POST', '/guilds', { name: 'Analytical Engines' })
      expectEqual(response.status, 201, 'status')
      const guild = response.body as APIGuild
      expectSnowflake(guild.id, 'id')
      expectIncludes(guild, { name: 'Analytical Engines', owner_id: ada.id }, 'the guild')
      const [everyone, ...others] = guild.roles
      expectIncludes(everyone, { id: guild.id, name: '@everyone', position: 0 }, 'its one role')
      expectEqual(others, [], 'other roles')
      expectTrue(
        /^[0-9]+$/.test(everyone!.permissions),
        'permissions are a string of digits',
        everyone,
      )
      expectIncludes(
        await ada.api.get(`/guilds/${guild.id}/members/${ada.id}`),
        { roles: [] },
        'its first member',
      )
      expectTrue(
        Array.isArray(await ada.api.get(`/guilds/${guild.id}/channels`)),
        'it has a list of channels',
      )
    },
  },
  {
    id: 'rest.guilds.create.invalid',
    title: 'A guild’s name has 2 to 100 characters',
    covers: ['rest.route.guilds', 'errors.shape', 'errors.50035'],
    async run(fixture) {
      const ada = await fixture.user()
      await ada.api.expectError(invalid('name', 'BASE_TYPE_REQUIRED'), 'POST', '/guilds', {})
      await ada.api.expectError(invalid('name', 'BASE_TYPE_MAX_LENGTH'), 'POST', '/guilds', {
        name: 'x'.repeat(101),
      })
      for (const name of ['x', '', ' x ', 7, null, []])
        await ada.api.expectError(invalid('name'), 'POST', '/guilds', { name })
      await ada.api.post('/guilds', { name: 'x'.repeat(100) })
    },
  },
  {
    id: 'rest.guilds.get',
    title: '`GET /guilds/:id` answers a member with every field that clients read',
    covers: ['rest.route.guilds'],
    async run(fixture) {
      const guild = await fixture.guild()
      const read = await guild.member.api.get<APIGuild>(`/guilds/${guild.id}`)
      expectIncludes(
        read,
        { id: guild.id, name: guild.name, owner_id: guild.owner.id },
        'the guild',
      )
      expectFields(read, GUILD_FIELDS, 'a guild')
    },
  },
  {
    id: 'rest.guilds.counts',
    title: '`with_counts` adds the number of members and of members online',
    covers: ['rest.route.guilds'],
    async run(fixture) {
      const guild = await fixture.guild()
      const count = (): Promise<APIGuild> =>
        guild.owner.api.get(`/guilds/${guild.id}?with_counts=true`)
      expectIncludes(
        await count(),
        { approximate_member_count: 2, approximate_presence_count: 0 },
        'with nobody online',
      )
      await guild.member.connect()
      await fixture.eventually(
        'one member is online',
        count,
        (response) => response.approximate_presence_count === 1,
      )
    },
  },
  {
    id: 'rest.guilds.unknown',
    title: 'Every route of an unknown guild answers 10004',
    covers: ['errors.shape', 'errors.10004'],
    async run(fixture) {
      const ada = await fixture.user()
      for (const path of [
        '',
        '/channels',
        '/members',
        `/members/${ada.id}`,
        '/messages/search?content=x',
      ])
        await ada.api.expectError(UNKNOWN_GUILD, 'GET', `/guilds/${UNKNOWN_ID}${path}`)
      await ada.api.expectError(UNKNOWN_GUILD, 'PATCH', `/guilds/${UNKNOWN_ID}`, { name: 'mine' })
      await ada.api.expectError(UNKNOWN_GUILD, 'DELETE', `/guilds/${UNKNOWN_ID}`)
      await ada.api.expectError(UNKNOWN_GUILD, 'POST', `/guilds/${UNKNOWN_ID}/channels`, {
        name: 'mine',
      })
      await ada.api.expectError(UNKNOWN_GUILD, 'POST', `/guilds/${UNKNOWN_ID}/roles`, {
        name: 'mine',
      })
      await ada.api.expectError(invalid(), 'GET', '/guilds/nonsense')
    },
  },
  {
    id: 'rest.guilds.foreign',
    title: 'A user who is not a member of a guild is answered 50001',
    covers: ['errors.50001'],
    async run(fixture) {
      const guild = await fixture.guild()
      const { api } = await fixture.user('eve')
      for (const path of [
        '',
        '/channels',
        '/members',
        `/members/${guild.owner.id}`,
        '/messages/search?content=x',
      ])
        await api.expectError(NO_ACCESS, 'GET', `/guilds/${guild.id}${path}`)
      await api.expectError(NO_ACCESS, 'PATCH', `/guilds/${guild.id}`, { name: 'mine now' })
      await api.expectError(NO_ACCESS, 'DELETE', `/guilds/${guild.id}`)
      await api.expectError(NO_ACCESS, 'POST', `/guilds/${guild.id}/channels`, { name: 'mine' })
      await api.expectError(NO_ACCESS, 'POST', `/guilds/${guild.id}/roles`, { name: 'mine' })
      await api.expectError(NO_ACCESS, 'DELETE', `/guilds/${guild.id}/members/${guild.member.id}`)
    },
  },
]

/** The documented fields of a guild that every client library reads. */
const GUILD_FIELDS = [
  'id',
  'name',
  'icon',
  'owner_id',
  'afk_channel_id',
  'afk_timeout',
  'verification_level',
  'default_message_notifications',
  'explicit_content_filter',
  'roles',
  'emojis',
  'stickers',
  'features',
  'mfa_level',
  'system_channel_id',
  'system_channel_flags',
  'premium_tier',
  'preferred_locale',
  'nsfw_level',
  'description',
]
