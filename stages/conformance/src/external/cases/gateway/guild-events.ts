import { Permission } from '@threshold/contract'
import type { Case } from '../../case.ts'
import { expectEqual, expectFields, expectIncludes, expectTrue } from '../../expect.ts'
import { listeningMember } from './listening-member.ts'

export const guildEventCases: readonly Case[] = [
  {
    id: 'gateway.guild-create.event',
    title: 'A user who creates a guild receives GUILD_CREATE on each of their sessions',
    covers: ['gateway.events.guilds'],
    async run(fixture) {
      const ada = await fixture.user()
      const sockets = [await ada.connect(), await ada.connect()]
      const { id } = await ada.api.post<{ id: string }>('/guilds', { name: 'new' })
      for (const socket of sockets)
        expectIncludes(
          await socket.nextEvent('GUILD_CREATE'),
          { id, name: 'new', member_count: 1 },
          'the event',
        )
    },
  },
  {
    id: 'gateway.guild-update',
    title: 'GUILD_UPDATE is the changed guild with its roles',
    covers: ['gateway.events.guilds'],
    async run(fixture) {
      const { guild, socket } = await listeningMember(fixture)
      await guild.owner.api.patch(`/guilds/${guild.id}`, { name: 'renamed', description: 'why' })
      const event = await socket.nextEvent('GUILD_UPDATE')
      expectIncludes(
        event,
        { id: guild.id, name: 'renamed', description: 'why', owner_id: guild.owner.id },
        'the event',
      )
      expectEqual(
        event.roles.map((role) => role.id),
        [guild.id],
        'its roles',
      )
    },
  },
  {
    id: 'gateway.guild-delete',
    title: 'GUILD_DELETE reaches every member and does not say `unavailable`',
    covers: ['gateway.events.guilds'],
    async run(fixture) {
      const { guild, socket } = await listeningMember(fixture)
      const owner = await guild.owner.connect()
      await guild.owner.api.delete(`/guilds/${guild.id}`)
      for (const each of [socket, owner]) {
        const event = await each.nextEvent('GUILD_DELETE')
        expectIncludes(event, { id: guild.id }, 'the event')
        expectTrue(!event.unavailable, 'the event does not say unavailable', event)
      }
    },
  },
  {
    id: 'gateway.guild-delete.removed',
    title: 'A removed member receives GUILD_DELETE and no further event of the guild',
    covers: ['gateway.events.guilds'],
    async run(fixture) {
      const { guild, socket } = await listeningMember(fixture)
      const elsewhere = await guild.member.api.post<{ id: string }>('/guilds', {
        name: 'elsewhere',
      })
      await socket.nextEvent('GUILD_CREATE', (d) => d.id === elsewhere.id)
      const owner = await guild.owner.connect()
      await guild.owner.api.delete(`/guilds/${guild.id}/members/${guild.member.id}`)
      expectIncludes(await socket.nextEvent('GUILD_DELETE'), { id: guild.id }, 'the event')
      await guild.awaitDelivery(owner)
      await guild.member.api.patch(`/guilds/${elsewhere.id}`, { name: 'after' })
      await socket.nextEvent('GUILD_UPDATE', (d) => d.id === elsewhere.id)
      expectEqual(socket.received('MESSAGE_CREATE'), [], 'messages of the guild')
    },
  },
  {
    id: 'gateway.member-add',
    title: 'GUILD_MEMBER_ADD has the new member, their user and `guild_id`',
    covers: ['gateway.events.guilds'],
    async run(fixture) {
      const { guild, socket } = await listeningMember(fixture)
      const cy = await guild.newMember('cy')
      const event = await socket.nextEvent('GUILD_MEMBER_ADD')
      expectIncludes(event, { guild_id: guild.id, nick: null, roles: [] }, 'the event')
      expectIncludes(event.user, { id: cy.id, username: cy.username }, 'its user')
      expectFields(event, ['joined_at', 'deaf', 'mute'], 'the event')
      await guild.owner.api.put(`/guilds/${guild.id}/members/${cy.id}`, { access_token: cy.token })
      await guild.awaitDelivery(socket)
      expectEqual(socket.received('GUILD_MEMBER_ADD').length, 1, 'the number of events')
    },
  },
  {
    id: 'gateway.member-update',
    title: 'GUILD_MEMBER_UPDATE has the member’s current nick and roles',
    covers: ['gateway.events.guilds'],
    async run(fixture) {
      const { guild, socket } = await listeningMember(fixture)
      const cy = await guild.newMember('cy')
      const role = await guild.createRole(0n)
      await guild.owner.api.patch(`/guilds/${guild.id}/members/${cy.id}`, { nick: 'Cy' })
      await guild.giveRole(cy, role.id)
      const updates = [
        await socket.nextEvent('GUILD_MEMBER_UPDATE'),
        await socket.nextEvent('GUILD_MEMBER_UPDATE'),
      ]
      expectIncludes(updates[0], { guild_id: guild.id, nick: 'Cy', roles: [] }, 'the first event')
      expectIncludes(
        updates[1],
        { guild_id: guild.id, nick: 'Cy', roles: [role.id] },
        'the second event',
      )
      for (const event of updates) expectIncludes(event.user, { id: cy.id }, 'its user')
    },
  },
  {
    id: 'gateway.member-remove',
    title: 'GUILD_MEMBER_REMOVE has the removed user and `guild_id`',
    covers: ['gateway.events.guilds'],
    async run(fixture) {
      const { guild, socket } = await listeningMember(fixture)
      const cy = await guild.newMember('cy')
      await guild.owner.api.delete(`/guilds/${guild.id}/members/${cy.id}`)
      const event = await socket.nextEvent('GUILD_MEMBER_REMOVE')
      expectIncludes(event, { guild_id: guild.id }, 'the event')
      expectIncludes(event.user, { id: cy.id, username: cy.username }, 'its user')
    },
  },
  {
    id: 'gateway.role-events',
    title:
      'GUILD_ROLE_CREATE, GUILD_ROLE_UPDATE and GUILD_ROLE_DELETE follow a role through its life',
    covers: ['gateway.events.roles-and-channels'],
    async run(fixture) {
      const { guild, socket } = await listeningMember(fixture)
      const role = await guild.createRole(8n, { name: 'first' })
      const created = await socket.nextEvent('GUILD_ROLE_CREATE')
      expectEqual(created.guild_id, guild.id, 'the guild')
      expectIncludes(created.role, { id: role.id, name: 'first', permissions: '8' }, 'the new role')
      await guild.owner.api.patch(`/guilds/${guild.id}/roles/${role.id}`, { name: 'second' })
      const updated = await socket.nextEvent('GUILD_ROLE_UPDATE', (d) => d.role.id === role.id)
      expectIncludes(
        updated.role,
        { id: role.id, name: 'second', permissions: '8' },
        'the changed role',
      )
      await guild.owner.api.delete(`/guilds/${guild.id}/roles/${role.id}`)
      expectIncludes(
        await socket.nextEvent('GUILD_ROLE_DELETE'),
        { guild_id: guild.id, role_id: role.id },
        'the deletion',
      )
    },
  },
  {
    id: 'gateway.channel-events',
    title: 'CHANNEL_CREATE, CHANNEL_UPDATE and CHANNEL_DELETE follow a channel through its life',
    covers: ['gateway.events.roles-and-channels'],
    async run(fixture) {
      const { guild, socket } = await listeningMember(fixture)
      const channel = await guild.createChannel({ name: 'first' })
      const created = await socket.nextEvent('CHANNEL_CREATE', (d) => d.id === channel.id)
      expectIncludes(created, { guild_id: guild.id, name: 'first', type: 0 }, 'the new channel')
      expectFields(created, ['position', 'permission_overwrites', 'parent_id'], 'a channel')
      await guild.owner.api.patch(`/channels/${channel.id}`, { name: 'second', topic: 'why' })
      expectIncludes(
        await socket.nextEvent('CHANNEL_UPDATE'),
        { id: channel.id, guild_id: guild.id, name: 'second', topic: 'why' },
        'the changed channel',
      )
      await guild.setOverwrite(channel.id, guild.member.id, 1, { allow: Permission.ManageMessages })
      const overwritten = await socket.nextEvent('CHANNEL_UPDATE')
      expectIncludes(
        overwritten,
        {
          id: channel.id,
          permission_overwrites: [{ id: guild.member.id, type: 1, allow: '8192', deny: '0' }],
        },
        'with an overwrite',
      )
      await guild.owner.api.delete(`/channels/${channel.id}`)
      expectIncludes(
        await socket.nextEvent('CHANNEL_DELETE'),
        { id: channel.id, guild_id: guild.id, name: 'second' },
        'the deletion',
      )
    },
  },
]
