import { Permission } from '@threshold/contract'
import type { Case } from '../../case.ts'
import { hasFields, holds, includes, same } from '../../expect.ts'
import type { TestGuild } from '../../guild.ts'
import type { Socket } from '../../socket.ts'
import type { World } from '../../world.ts'

/** A guild whose member listens. */
async function listening(world: World): Promise<{ guild: TestGuild; socket: Socket }> {
  const guild = await world.guild()
  return { guild, socket: await guild.member.connect() }
}

export const guildEventCases: readonly Case[] = [
  {
    id: 'gateway.guild-create.event',
    sentence: 'Who makes a guild hears GUILD_CREATE of it on each of their sessions',
    async run(world) {
      const ada = await world.user()
      const sockets = [await ada.connect(), await ada.connect()]
      const { id } = await ada.api.post<{ id: string }>('/guilds', { name: 'new' })
      for (const socket of sockets)
        includes(
          await socket.next('GUILD_CREATE'),
          { id, name: 'new', member_count: 1 },
          'the event',
        )
    },
  },
  {
    id: 'gateway.guild-update',
    sentence: 'GUILD_UPDATE is the changed guild with its roles',
    async run(world) {
      const { guild, socket } = await listening(world)
      await guild.owner.api.patch(`/guilds/${guild.id}`, { name: 'renamed', description: 'why' })
      const event = await socket.next('GUILD_UPDATE')
      includes(
        event,
        { id: guild.id, name: 'renamed', description: 'why', owner_id: guild.owner.id },
        'the event',
      )
      same(
        event.roles.map((role) => role.id),
        [guild.id],
        'its roles',
      )
    },
  },
  {
    id: 'gateway.guild-delete',
    sentence: 'GUILD_DELETE tells everybody that a guild is gone, and not merely unavailable',
    async run(world) {
      const { guild, socket } = await listening(world)
      const owner = await guild.owner.connect()
      await guild.owner.api.delete(`/guilds/${guild.id}`)
      for (const each of [socket, owner]) {
        const event = await each.next('GUILD_DELETE')
        includes(event, { id: guild.id }, 'the event')
        holds(!event.unavailable, 'it is not merely unavailable', event)
      }
    },
  },
  {
    id: 'gateway.guild-delete.removed',
    sentence: 'Who is removed from a guild hears GUILD_DELETE, and nothing of it after that',
    async run(world) {
      const { guild, socket } = await listening(world)
      const elsewhere = await guild.member.api.post<{ id: string }>('/guilds', {
        name: 'elsewhere',
      })
      await socket.next('GUILD_CREATE', (d) => d.id === elsewhere.id)
      const owner = await guild.owner.connect()
      await guild.owner.api.delete(`/guilds/${guild.id}/members/${guild.member.id}`)
      includes(await socket.next('GUILD_DELETE'), { id: guild.id }, 'the event')
      await guild.settle(owner)
      await guild.member.api.patch(`/guilds/${elsewhere.id}`, { name: 'after' })
      await socket.next('GUILD_UPDATE', (d) => d.id === elsewhere.id)
      same(socket.seen('MESSAGE_CREATE'), [], 'messages of the guild')
    },
  },
  {
    id: 'gateway.member-add',
    sentence: 'GUILD_MEMBER_ADD is the new member with their user, and says of which guild',
    async run(world) {
      const { guild, socket } = await listening(world)
      const cy = await guild.newMember('cy')
      const event = await socket.next('GUILD_MEMBER_ADD')
      includes(event, { guild_id: guild.id, nick: null, roles: [] }, 'the event')
      includes(event.user, { id: cy.id, username: cy.username }, 'its user')
      hasFields(event, ['joined_at', 'deaf', 'mute'], 'the event')
      await guild.owner.api.put(`/guilds/${guild.id}/members/${cy.id}`, { access_token: cy.token })
      await guild.settle(socket)
      same(socket.seen('GUILD_MEMBER_ADD').length, 1, 'how many there were')
    },
  },
  {
    id: 'gateway.member-update',
    sentence: 'GUILD_MEMBER_UPDATE is the changed member: nick and roles as they are now',
    async run(world) {
      const { guild, socket } = await listening(world)
      const cy = await guild.newMember('cy')
      const role = await guild.role(0n)
      await guild.owner.api.patch(`/guilds/${guild.id}/members/${cy.id}`, { nick: 'Cy' })
      await guild.give(cy, role.id)
      const updates = [
        await socket.next('GUILD_MEMBER_UPDATE'),
        await socket.next('GUILD_MEMBER_UPDATE'),
      ]
      includes(updates[0], { guild_id: guild.id, nick: 'Cy', roles: [] }, 'the first event')
      includes(updates[1], { guild_id: guild.id, nick: 'Cy', roles: [role.id] }, 'the second event')
      for (const event of updates) includes(event.user, { id: cy.id }, 'its user')
    },
  },
  {
    id: 'gateway.member-remove',
    sentence: 'GUILD_MEMBER_REMOVE says who is gone from which guild',
    async run(world) {
      const { guild, socket } = await listening(world)
      const cy = await guild.newMember('cy')
      await guild.owner.api.delete(`/guilds/${guild.id}/members/${cy.id}`)
      const event = await socket.next('GUILD_MEMBER_REMOVE')
      includes(event, { guild_id: guild.id }, 'the event')
      includes(event.user, { id: cy.id, username: cy.username }, 'its user')
    },
  },
  {
    id: 'gateway.role-events',
    sentence:
      'GUILD_ROLE_CREATE, GUILD_ROLE_UPDATE and GUILD_ROLE_DELETE follow a role through its life',
    async run(world) {
      const { guild, socket } = await listening(world)
      const role = await guild.role(8n, { name: 'first' })
      const created = await socket.next('GUILD_ROLE_CREATE')
      same(created.guild_id, guild.id, 'the guild')
      includes(created.role, { id: role.id, name: 'first', permissions: '8' }, 'the new role')
      await guild.owner.api.patch(`/guilds/${guild.id}/roles/${role.id}`, { name: 'second' })
      const updated = await socket.next('GUILD_ROLE_UPDATE', (d) => d.role.id === role.id)
      includes(updated.role, { id: role.id, name: 'second', permissions: '8' }, 'the changed role')
      await guild.owner.api.delete(`/guilds/${guild.id}/roles/${role.id}`)
      includes(
        await socket.next('GUILD_ROLE_DELETE'),
        { guild_id: guild.id, role_id: role.id },
        'the deletion',
      )
    },
  },
  {
    id: 'gateway.channel-events',
    sentence: 'CHANNEL_CREATE, CHANNEL_UPDATE and CHANNEL_DELETE follow a channel through its life',
    async run(world) {
      const { guild, socket } = await listening(world)
      const channel = await guild.channel({ name: 'first' })
      const created = await socket.next('CHANNEL_CREATE', (d) => d.id === channel.id)
      includes(created, { guild_id: guild.id, name: 'first', type: 0 }, 'the new channel')
      hasFields(created, ['position', 'permission_overwrites', 'parent_id'], 'a channel')
      await guild.owner.api.patch(`/channels/${channel.id}`, { name: 'second', topic: 'why' })
      includes(
        await socket.next('CHANNEL_UPDATE'),
        { id: channel.id, guild_id: guild.id, name: 'second', topic: 'why' },
        'the changed channel',
      )
      await guild.overwrite(channel.id, guild.member.id, 1, { allow: Permission.ManageMessages })
      const overwritten = await socket.next('CHANNEL_UPDATE')
      includes(
        overwritten,
        {
          id: channel.id,
          permission_overwrites: [{ id: guild.member.id, type: 1, allow: '8192', deny: '0' }],
        },
        'with an overwrite',
      )
      await guild.owner.api.delete(`/channels/${channel.id}`)
      includes(
        await socket.next('CHANNEL_DELETE'),
        { id: channel.id, guild_id: guild.id, name: 'second' },
        'the deletion',
      )
    },
  },
]
