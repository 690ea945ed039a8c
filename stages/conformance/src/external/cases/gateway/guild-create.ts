import type { Case } from '../../case.ts'
import { hasFields, holds, includes, same, wireTime } from '../../expect.ts'

/**
 * Every field that the five client libraries read; without one of them some library does not become
 * ready.
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
    sentence: 'After READY comes one GUILD_CREATE for each guild that it named, and no other',
    async run(world) {
      const ada = await world.user()
      for (let i = 0; i < 3; i++) await ada.api.post('/guilds', { name: `guild ${i}` })
      const { socket, ready } = await ada.login()
      same(ready.guilds.length, 3, 'how many guilds READY names')
      const last = await ada.api.post<{ id: string }>('/guilds', { name: 'the last' })
      await socket.next('GUILD_CREATE', (d) => d.id === last.id)
      const created = socket.seen('GUILD_CREATE').map((d) => d.id)
      same(
        created.toSorted(),
        [...ready.guilds.map((each) => each.id), last.id].toSorted(),
        'the guilds',
      )
    },
  },
  {
    id: 'gateway.guild-create.fields',
    sentence: 'GUILD_CREATE has every field that clients read',
    async run(world) {
      const guild = await world.guild()
      const socket = await guild.member.connect()
      const [created] = socket.seen('GUILD_CREATE')
      hasFields(created, FIELDS, 'GUILD_CREATE')
      for (const list of LISTS)
        holds(
          Array.isArray((created as unknown as Record<string, unknown>)[list]),
          `${list} is a list`,
        )
      includes(
        created,
        { id: guild.id, name: guild.name, owner_id: guild.owner.id, member_count: 2, large: false },
        'the guild',
      )
      holds(
        Math.abs(Date.parse(created!.joined_at) - Date.now()) < 120_000,
        'joined_at is when its user joined',
        created!.joined_at,
      )
      for (const { joined_at } of [created!, ...created!.members]) wireTime(joined_at, 'joined_at')
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
        holds(
          Number.isInteger((created as unknown as Record<string, unknown>)[field]),
          `${field} is an integer`,
        )
    },
  },
  {
    id: 'gateway.guild-create.everyone',
    sentence: 'A role `@everyone` has the guild’s id; permissions are strings',
    async run(world) {
      const guild = await world.guild()
      const role = await guild.role(2_048n, { name: 'second' })
      const socket = await guild.member.connect()
      const { roles } = socket.seen('GUILD_CREATE')[0]!
      includes(
        roles.find((each) => each.id === guild.id),
        { name: '@everyone', position: 0 },
        '@everyone',
      )
      includes(
        roles.find((each) => each.id === role.id),
        { name: 'second', permissions: '2048' },
        'the other role',
      )
      for (const each of roles)
        holds(
          typeof each.permissions === 'string' && /^[0-9]+$/.test(each.permissions),
          'permissions are a string of digits',
          each,
        )
    },
  },
  {
    id: 'gateway.guild-create.people',
    sentence:
      'GUILD_CREATE has the members of a small guild, with their nicks and roles, and the presences of those who are online',
    async run(world) {
      const guild = await world.guild()
      const role = await guild.grant(guild.member, 0n)
      await guild.owner.api.patch(`/guilds/${guild.id}/members/${guild.member.id}`, {
        nick: 'Bobby',
      })
      const [cy, dan] = [await guild.newMember('cy'), await guild.newMember('dan')]
      const watching = await cy.connect()
      await guild.owner.connect()
      // What those who are there were told, those who come are told as well.
      await watching.next(
        'PRESENCE_UPDATE',
        (d) => d.user.id === guild.owner.id && d.status === 'online',
      )
      const socket = await guild.member.connect()
      const { members, presences } = socket.seen('GUILD_CREATE')[0]!
      const everyone = [guild.owner, guild.member, cy, dan].map((each) => each.id)
      same(members.map((each) => each.user.id).toSorted(), everyone.toSorted(), 'its members')
      const member = members.find((each) => each.user.id === guild.member.id)
      includes(member, { nick: 'Bobby', roles: [role.id], deaf: false, mute: false }, 'a member')
      includes(
        members.find((each) => each.user.id === dan.id)!.user,
        { username: dan.username },
        'a member’s user',
      )
      const owner = presences.find((each) => each.user.id === guild.owner.id)
      includes(owner, { status: 'online' }, 'the presence of who is online')
      same(
        presences.filter((each) => each.user.id === dan.id),
        [],
        'the presence of who never was',
      )
    },
  },
  {
    id: 'gateway.guild-create.channels',
    sentence: 'GUILD_CREATE has the channels that its user can view, with their overwrites',
    async run(world) {
      const guild = await world.guild()
      const hidden = await guild.hiddenChannel()
      await guild.overwrite(guild.text, guild.member.id, 1, { allow: 8_192n })
      const [owner, member] = [await guild.owner.connect(), await guild.member.connect()]
      const channels = member.seen('GUILD_CREATE')[0]!.channels
      const text = channels.find((each) => each.id === guild.text)
      includes(
        text,
        {
          type: 0,
          name: 'text',
          permission_overwrites: [{ id: guild.member.id, type: 1, allow: '8192', deny: '0' }],
        },
        'a text channel',
      )
      includes(
        channels.find((each) => each.id === guild.voice),
        { type: 2, name: 'voice' },
        'a voice channel',
      )
      same(
        channels.some((each) => each.id === hidden.id),
        false,
        'whether a member is told of the hidden channel',
      )
      same(
        owner.seen('GUILD_CREATE')[0]!.channels.some((each) => each.id === hidden.id),
        true,
        'whether the owner is',
      )
    },
  },
  {
    id: 'gateway.guild-create.joined',
    sentence:
      'Who joins while connected gets the guild as it is, and hears its events from then on',
    async run(world) {
      const guild = await world.guild()
      const cy = await world.user('cy')
      const socket = await cy.connect()
      await guild.join(cy)
      const created = await socket.next('GUILD_CREATE')
      includes(created, { id: guild.id, member_count: 3 }, 'the guild')
      same(
        created.members.some((each) => each.user.id === cy.id),
        true,
        'whether one is among its members',
      )
      await guild.settle(socket)
    },
  },
]
