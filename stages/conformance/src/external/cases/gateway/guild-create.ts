import type { Case } from '../../case.ts'
import {
  expectEqual,
  expectFields,
  expectIncludes,
  expectTimestamp,
  expectTrue,
} from '../../expect.ts'

/**
 * Every field that the five client libraries read. Some library never becomes ready if one of them
 * is missing.
 */
const FIELDS = [
  'id',
  'owner_id',
  'name',
  'joined_at',
  'large',
  'member_count',
  'members',
  'channels',
  'roles',
  'presences',
  'voice_states',
  'threads',
  'stage_instances',
  'guild_scheduled_events',
  'emojis',
  'stickers',
  'features',
  'verification_level',
  'default_message_notifications',
  'explicit_content_filter',
  'mfa_level',
  'nsfw_level',
  'premium_tier',
  'preferred_locale',
  'system_channel_flags',
  'afk_timeout',
]
const LISTS = [
  'members',
  'channels',
  'roles',
  'presences',
  'voice_states',
  'threads',
  'stage_instances',
  'guild_scheduled_events',
  'emojis',
  'stickers',
  'features',
]

export const guildCreateCases: readonly Case[] = [
  {
    id: 'gateway.guild-create.one-each',
    title: 'Exactly one GUILD_CREATE follows READY for each guild that READY names',
    covers: ['gateway.guild-create'],
    async run(fixture) {
      const ada = await fixture.user()
      for (let i = 0; i < 3; i++) await ada.api.post('/guilds', { name: `guild ${i}` })
      const { socket, ready } = await ada.login()
      expectEqual(ready.guilds.length, 3, 'the number of guilds in READY')
      const last = await ada.api.post<{ id: string }>('/guilds', { name: 'the last' })
      await socket.nextEvent('GUILD_CREATE', (d) => d.id === last.id)
      const created = socket.received('GUILD_CREATE').map((d) => d.id)
      expectEqual(
        created.toSorted(),
        [...ready.guilds.map((each) => each.id), last.id].toSorted(),
        'the guilds',
      )
    },
  },
  {
    id: 'gateway.guild-create.fields',
    title: 'GUILD_CREATE has every field that clients read',
    covers: ['gateway.guild-create', 'bites.times'],
    async run(fixture) {
      const guild = await fixture.guild()
      const socket = await guild.member.connect()
      const [created] = socket.received('GUILD_CREATE')
      expectFields(created, FIELDS, 'GUILD_CREATE')
      for (const list of LISTS)
        expectTrue(
          Array.isArray((created as unknown as Record<string, unknown>)[list]),
          `${list} is a list`,
        )
      expectIncludes(
        created,
        { id: guild.id, name: guild.name, owner_id: guild.owner.id, member_count: 2, large: false },
        'the guild',
      )
      expectTrue(
        Math.abs(Date.parse(created!.joined_at) - Date.now()) < 120_000,
        'joined_at is the time when the user joined',
        created!.joined_at,
      )
      for (const { joined_at } of [created!, ...created!.members])
        expectTimestamp(joined_at, 'joined_at')
      for (const field of [
        'verification_level',
        'default_message_notifications',
        'explicit_content_filter',
        'mfa_level',
        'nsfw_level',
        'premium_tier',
        'system_channel_flags',
        'afk_timeout',
      ])
        expectTrue(
          Number.isInteger((created as unknown as Record<string, unknown>)[field]),
          `${field} is an integer`,
        )
    },
  },
  {
    id: 'gateway.guild-create.everyone',
    title: 'The role `@everyone` has the guild’s id, and permissions are strings',
    covers: ['gateway.everyone'],
    async run(fixture) {
      const guild = await fixture.guild()
      const role = await guild.createRole(2_048n, { name: 'second' })
      const socket = await guild.member.connect()
      const { roles } = socket.received('GUILD_CREATE')[0]!
      expectIncludes(
        roles.find((each) => each.id === guild.id),
        { name: '@everyone', position: 0 },
        '@everyone',
      )
      expectIncludes(
        roles.find((each) => each.id === role.id),
        { name: 'second', permissions: '2048' },
        'the other role',
      )
      for (const each of roles)
        expectTrue(
          typeof each.permissions === 'string' && /^[0-9]+$/.test(each.permissions),
          'permissions are a string of digits',
          each,
        )
    },
  },
  {
    id: 'gateway.guild-create.people',
    title:
      'GUILD_CREATE of a small guild has all members with nicks and roles, and the presences ' +
      'of those online',
    covers: ['gateway.guild-create'],
    async run(fixture) {
      const guild = await fixture.guild()
      const role = await guild.grantPermissions(guild.member, 0n)
      await guild.owner.api.patch(`/guilds/${guild.id}/members/${guild.member.id}`, {
        nick: 'Bobby',
      })
      const [cy, dan] = [await guild.newMember('cy'), await guild.newMember('dan')]
      const watcher = await cy.connect()
      await guild.owner.connect()
      // A connected member has received the presence, so GUILD_CREATE must contain it from now on.
      await watcher.nextEvent(
        'PRESENCE_UPDATE',
        (d) => d.user.id === guild.owner.id && d.status === 'online',
      )
      const socket = await guild.member.connect()
      const { members, presences } = socket.received('GUILD_CREATE')[0]!
      const everyone = [guild.owner, guild.member, cy, dan].map((each) => each.id)
      expectEqual(
        members.map((each) => each.user.id).toSorted(),
        everyone.toSorted(),
        'its members',
      )
      const member = members.find((each) => each.user.id === guild.member.id)
      expectIncludes(
        member,
        { nick: 'Bobby', roles: [role.id], deaf: false, mute: false },
        'a member',
      )
      expectIncludes(
        members.find((each) => each.user.id === dan.id)!.user,
        { username: dan.username },
        'a member’s user',
      )
      const owner = presences.find((each) => each.user.id === guild.owner.id)
      expectIncludes(owner, { status: 'online' }, 'the owner’s presence')
      expectEqual(
        presences.filter((each) => each.user.id === dan.id),
        [],
        'the presence of a member who never connected',
      )
    },
  },
  {
    id: 'gateway.guild-create.channels',
    title: 'GUILD_CREATE has the channels that the user can view, with their overwrites',
    covers: ['gateway.guild-create', 'gateway.sight'],
    async run(fixture) {
      const guild = await fixture.guild()
      const hidden = await guild.createHiddenChannel()
      await guild.setOverwrite(guild.textChannelId, guild.member.id, 1, { allow: 8_192n })
      const [owner, member] = [await guild.owner.connect(), await guild.member.connect()]
      const channels = member.received('GUILD_CREATE')[0]!.channels
      const text = channels.find((each) => each.id === guild.textChannelId)
      expectIncludes(
        text,
        {
          type: 0,
          name: 'text',
          permission_overwrites: [{ id: guild.member.id, type: 1, allow: '8192', deny: '0' }],
        },
        'a text channel',
      )
      expectIncludes(
        channels.find((each) => each.id === guild.voiceChannelId),
        { type: 2, name: 'voice' },
        'a voice channel',
      )
      expectEqual(
        channels.some((each) => each.id === hidden.id),
        false,
        'whether the member gets the hidden channel',
      )
      expectEqual(
        owner.received('GUILD_CREATE')[0]!.channels.some((each) => each.id === hidden.id),
        true,
        'whether the owner gets the hidden channel',
      )
    },
  },
  {
    id: 'gateway.guild-create.joined',
    title: 'A user who joins while connected receives GUILD_CREATE and then the guild’s events',
    covers: ['gateway.guild-create'],
    async run(fixture) {
      const guild = await fixture.guild()
      const cy = await fixture.user('cy')
      const socket = await cy.connect()
      await guild.addMember(cy)
      const created = await socket.nextEvent('GUILD_CREATE')
      expectIncludes(created, { id: guild.id, member_count: 3 }, 'the guild')
      expectEqual(
        created.members.some((each) => each.user.id === cy.id),
        true,
        'whether the user is among its members',
      )
      await guild.awaitDelivery(socket)
    },
  },
]
