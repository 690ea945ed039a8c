import { Permission } from '@threshold/contract'
import type { APIGuild } from 'discord-api-types/v10'
import {
  invalid,
  NO_ACCESS,
  NO_PERMISSION,
  UNKNOWN_CHANNEL,
  UNKNOWN_GUILD,
} from '../../api-client.ts'
import type { Case } from '../../case.ts'
import {
  expectEqual,
  expectFields,
  expectIncludes,
  expectSnowflake,
  expectTrue,
} from '../../expect.ts'

const NOWHERE = '1000000000000000'

export const guildCases: readonly Case[] = [
  {
    id: 'rest.guilds.create',
    title:
      '`POST /guilds` makes a guild that its maker owns, with a role `@everyone` of the guild’s id',
    async run(fixture) {
      const ada = await fixture.user()
      const answer = await ada.api.request('POST', '/guilds', { name: 'Analytical Engines' })
      expectEqual(answer.status, 201, 'status')
      const guild = answer.body as APIGuild
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
    title: '`/guilds/:id` is the guild to its members, with all that clients read',
    async run(fixture) {
      const guild = await fixture.guild()
      const seen = await guild.member.api.get<APIGuild>(`/guilds/${guild.id}`)
      expectIncludes(
        seen,
        { id: guild.id, name: guild.name, owner_id: guild.owner.id },
        'the guild',
      )
      expectFields(seen, GUILD_FIELDS, 'a guild')
    },
  },
  {
    id: 'rest.guilds.counts',
    title: 'With `with_counts` a guild says how many are in it, and how many of them are online',
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
        'one is online',
        count,
        (answer) => answer.approximate_presence_count === 1,
      )
    },
  },
  {
    id: 'rest.guilds.unknown',
    title: 'An unknown guild is 10004, whatever is asked of it',
    async run(fixture) {
      const ada = await fixture.user()
      for (const path of [
        '',
        '/channels',
        '/members',
        `/members/${ada.id}`,
        '/messages/search?content=x',
      ])
        await ada.api.expectError(UNKNOWN_GUILD, 'GET', `/guilds/${NOWHERE}${path}`)
      await ada.api.expectError(UNKNOWN_GUILD, 'PATCH', `/guilds/${NOWHERE}`, { name: 'mine' })
      await ada.api.expectError(UNKNOWN_GUILD, 'DELETE', `/guilds/${NOWHERE}`)
      await ada.api.expectError(UNKNOWN_GUILD, 'POST', `/guilds/${NOWHERE}/channels`, {
        name: 'mine',
      })
      await ada.api.expectError(UNKNOWN_GUILD, 'POST', `/guilds/${NOWHERE}/roles`, { name: 'mine' })
      await ada.api.expectError(invalid(), 'GET', '/guilds/nonsense')
    },
  },
  {
    id: 'rest.guilds.foreign',
    title: 'Whoever is not in a guild has no access to it (50001)',
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
  {
    id: 'rest.guilds.edit',
    title: 'Whoever may manage a guild edits it, and only what the form names changes',
    async run(fixture) {
      const guild = await fixture.guild()
      const path = `/guilds/${guild.id}`
      const before = await guild.owner.api.get<APIGuild>(path)
      const change = {
        name: 'renamed',
        description: 'what it is about',
        afk_timeout: 60,
        system_channel_id: guild.textId,
        afk_channel_id: guild.voiceId,
      }
      expectIncludes(await guild.owner.api.patch(path, change), change, 'the answer')
      const after = await guild.member.api.get<APIGuild>(path)
      expectIncludes(after, change, 'the guild')
      expectIncludes(
        after,
        {
          owner_id: before.owner_id,
          verification_level: before.verification_level,
          preferred_locale: before.preferred_locale,
        },
        'the rest',
      )
      expectIncludes(
        await guild.owner.api.patch(path, { description: null, system_channel_id: null }),
        { description: null, system_channel_id: null, name: 'renamed' },
        'taken away',
      )
      await guild.grantPermissions(guild.member, Permission.ManageGuild)
      expectIncludes(
        await guild.member.api.patch(path, { name: 'by a member' }),
        { name: 'by a member' },
        'with MANAGE_GUILD',
      )
    },
  },
  {
    id: 'rest.guilds.edit.refused',
    title: 'Without MANAGE_GUILD, or with a bad form, nothing of a guild changes',
    async run(fixture) {
      const guild = await fixture.guild()
      const path = `/guilds/${guild.id}`
      await guild.member.api.expectError(NO_PERMISSION, 'PATCH', path, { name: 'taken over' })
      for (const name of ['', 'x', 'x'.repeat(101), {}])
        await guild.owner.api.expectError(invalid('name'), 'PATCH', path, { name })
      await guild.owner.api.expectError(invalid('afk_timeout'), 'PATCH', path, {
        name: 'half',
        afk_timeout: 'long',
      })
      for (const afk_timeout of [0, 61, 120, 3_601])
        await guild.owner.api.expectError(
          invalid('afk_timeout', 'BASE_TYPE_CHOICES'),
          'PATCH',
          path,
          {
            name: 'half',
            afk_timeout,
          },
        )
      const category = await guild.createChannel({ name: 'a category', type: 4 })
      for (const system_channel_id of [guild.voiceId, category.id])
        await guild.owner.api.expectError(invalid('system_channel_id'), 'PATCH', path, {
          name: 'half',
          system_channel_id,
        })
      for (const afk_channel_id of [guild.textId, category.id])
        await guild.owner.api.expectError(invalid('afk_channel_id'), 'PATCH', path, {
          name: 'half',
          afk_channel_id,
        })
      expectIncludes(await guild.owner.api.get(path), { name: guild.name }, 'the guild')
    },
  },
  {
    id: 'rest.guilds.edit.owner',
    title: 'Only its owner gives a guild away, and then owns it no longer',
    async run(fixture) {
      const guild = await fixture.guild()
      const path = `/guilds/${guild.id}`
      await guild.grantPermissions(guild.member, Permission.Administrator)
      await guild.member.api.expectError(NO_PERMISSION, 'PATCH', path, {
        owner_id: guild.member.id,
      })
      expectIncludes(
        await guild.owner.api.patch(path, { owner_id: guild.member.id }),
        { owner_id: guild.member.id },
        'the guild',
      )
      await guild.owner.api.expectError(NO_PERMISSION, 'DELETE', path)
      await guild.member.api.expectNoContent('DELETE', path)
    },
  },
  {
    id: 'rest.guilds.delete',
    title: 'Only its owner deletes a guild; after that neither it nor its channels are known',
    async run(fixture) {
      const guild = await fixture.guild()
      const message = await guild.send('hello')
      await guild.grantPermissions(guild.member, Permission.Administrator)
      await guild.member.api.expectError(NO_PERMISSION, 'DELETE', `/guilds/${guild.id}`)
      await guild.owner.api.expectNoContent('DELETE', `/guilds/${guild.id}`)
      for (const who of [guild.owner, guild.member]) {
        await who.api.expectError(UNKNOWN_GUILD, 'GET', `/guilds/${guild.id}`)
        await who.api.expectError(UNKNOWN_CHANNEL, 'GET', `/channels/${guild.textId}`)
        await who.api.expectError(
          UNKNOWN_CHANNEL,
          'GET',
          `/channels/${guild.textId}/messages/${message.id}`,
        )
        await who.api.expectError(UNKNOWN_CHANNEL, 'POST', `/channels/${guild.textId}/messages`, {
          content: 'anybody?',
        })
        expectEqual(await who.api.get('/users/@me/guilds'), [], 'the guilds one is in')
      }
      await guild.owner.api.expectError(UNKNOWN_GUILD, 'DELETE', `/guilds/${guild.id}`)
    },
  },
]

/** Of a guild object as Discord documents it: those that every client reads. */
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
