import assert from 'node:assert/strict'
import {
  ChannelType,
  DiscordAPIError,
  Events,
  type GuildMember,
  PermissionFlagsBits,
} from 'discord.js'
import type { Steps } from '../play.ts'
import { type Cast, heard } from './cast.ts'

/** The guild itself: who and what is in it. */
export const guild = ({ world, ada, bob, guildOf, textOf, join }: Cast) =>
  ({
    async guild() {
      const guild = guildOf(ada)
      assert.equal(guild.name, world.guildName)
      assert.equal(guild.ownerId, world.ada.id)
      assert.equal(guild.memberCount, 1 + world.guests.length)
      assert.equal(guild.channels.cache.get(world.textId)?.type, ChannelType.GuildText)
      assert.equal(guild.channels.cache.get(world.voiceId)?.type, ChannelType.GuildVoice)
      assert.equal(guild.roles.everyone.id, guild.id)
      assert.ok(guild.members.me?.permissions.has(PermissionFlagsBits.Administrator))
      assert.equal((await guild.fetch()).name, world.guildName)
    },

    join,

    async channel() {
      const created = heard(ada, Events.ChannelCreate, (channel) => channel.name === 'secret')
      const secret = await guildOf(ada).channels.create({
        name: 'secret',
        type: ChannelType.GuildText,
        topic: 'for few',
        permissionOverwrites: [{ id: world.guildId, deny: [PermissionFlagsBits.ViewChannel] }],
      })
      await created
      assert.ok(
        secret.permissionOverwrites.cache
          .get(world.guildId)
          ?.deny.has(PermissionFlagsBits.ViewChannel),
      )
      await assert.rejects(
        bob.channels.fetch(secret.id),
        (error) => error instanceof DiscordAPIError && error.code === 50001,
      )
      assert.ok(!bob.channels.cache.has(secret.id))
      const opened = heard(bob, Events.ChannelCreate, (channel) => channel.id === secret.id)
      await secret.permissionOverwrites.edit(world.bob.id, { ViewChannel: true })
      await opened
      const edited = heard(
        bob,
        Events.ChannelUpdate,
        (_, now) => now.id === secret.id && 'topic' in now && now.topic === 'for more',
      )
      await secret.edit({ topic: 'for more', name: 'less-secret' })
      await edited
      const gone = heard(bob, Events.ChannelDelete, (channel) => channel.id === secret.id)
      await secret.delete()
      await gone
    },

    async role() {
      const created = heard(bob, Events.GuildRoleCreate, (role) => role.name === 'keeper')
      const role = await guildOf(ada).roles.create({
        name: 'keeper',
        colors: { primaryColor: 0x3366cc },
        permissions: [PermissionFlagsBits.ManageMessages],
      })
      await created
      const holds = (wanted: boolean) => (_: unknown, now: GuildMember) =>
        now.id === world.bob.id && now.roles.cache.has(role.id) === wanted
      const given = heard(bob, Events.GuildMemberUpdate, holds(true))
      await guildOf(ada).members.cache.get(world.bob.id)!.roles.add(role)
      await given
      assert.ok(guildOf(bob).members.me?.permissions.has(PermissionFlagsBits.ManageMessages))
      const taken = heard(bob, Events.GuildMemberUpdate, holds(false))
      await guildOf(ada).members.cache.get(world.bob.id)!.roles.remove(role)
      await taken
      const renamed = heard(bob, Events.GuildRoleUpdate, (_, now) => now.name === 'former keeper')
      await role.edit({ name: 'former keeper' })
      await renamed
      const deleted = heard(bob, Events.GuildRoleDelete, (gone) => gone.id === role.id)
      await role.delete()
      await deleted
    },

    async members() {
      const all = await guildOf(ada).members.fetch()
      assert.deepEqual([...all.keys()].sort(), [world.ada.id, world.bob.id, ...world.guests].sort())
      assert.equal((await guildOf(ada).members.fetch({ query: 'guest', limit: 2 })).size, 2)
      const some = await guildOf(ada).members.fetch({
        user: [world.guests[0]!, world.bob.id],
        withPresences: true,
      })
      assert.deepEqual([...some.keys()].sort(), [world.guests[0]!, world.bob.id].sort())
      assert.equal((await guildOf(ada).members.list({ limit: 1_000 })).size, all.size)
    },

    async invite() {
      const invite = await textOf(ada).createInvite({ maxAge: 600 })
      const found = await bob.fetchInvite(invite.code)
      assert.equal(found.guild?.id, world.guildId)
      assert.equal(found.channelId, world.textId)
      assert.equal(found.inviterId, world.ada.id)
      assert.ok((await textOf(ada).fetchInvites()).has(invite.code))
    },

    async kick() {
      const removed = heard(ada, Events.GuildMemberRemove, (member) => member.id === world.bob.id)
      const lost = heard(bob, Events.GuildDelete, (guild) => guild.id === world.guildId)
      await guildOf(ada).members.cache.get(world.bob.id)!.kick()
      await Promise.all([removed, lost])
      await join()
    },
  }) satisfies Partial<Steps>
