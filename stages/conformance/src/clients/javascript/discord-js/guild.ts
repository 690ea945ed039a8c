import assert from 'node:assert/strict'
import {
  ChannelType,
  DiscordAPIError,
  Events,
  type GuildMember,
  PermissionFlagsBits,
} from 'discord.js'
import type { Steps } from '../harness.ts'
import { type Clients, nextEvent } from './clients.ts'

/** The guild, its channels, roles and members. */
export const guild = ({ setup, ada, bob, guildOf, textOf, join }: Clients) =>
  ({
    async guild() {
      const guild = guildOf(ada)
      assert.equal(guild.name, setup.guildName)
      assert.equal(guild.ownerId, setup.ada.id)
      assert.equal(guild.memberCount, 1 + setup.guests.length)
      assert.equal(guild.channels.cache.get(setup.textId)?.type, ChannelType.GuildText)
      assert.equal(guild.channels.cache.get(setup.voiceId)?.type, ChannelType.GuildVoice)
      assert.equal(guild.roles.everyone.id, guild.id)
      assert.ok(guild.members.me?.permissions.has(PermissionFlagsBits.Administrator))
      assert.equal((await guild.fetch()).name, setup.guildName)
    },

    join,

    async channel() {
      const created = nextEvent(ada, Events.ChannelCreate, (channel) => channel.name === 'secret')
      const secret = await guildOf(ada).channels.create({
        name: 'secret',
        type: ChannelType.GuildText,
        topic: 'for few',
        permissionOverwrites: [{ id: setup.guildId, deny: [PermissionFlagsBits.ViewChannel] }],
      })
      await created
      assert.ok(
        secret.permissionOverwrites.cache
          .get(setup.guildId)
          ?.deny.has(PermissionFlagsBits.ViewChannel),
      )
      await assert.rejects(
        bob.channels.fetch(secret.id),
        (error) => error instanceof DiscordAPIError && error.code === 50001,
      )
      assert.ok(!bob.channels.cache.has(secret.id))
      const opened = nextEvent(bob, Events.ChannelCreate, (channel) => channel.id === secret.id)
      await secret.permissionOverwrites.edit(setup.bob.id, { ViewChannel: true })
      await opened
      const edited = nextEvent(
        bob,
        Events.ChannelUpdate,
        (_, now) => now.id === secret.id && 'topic' in now && now.topic === 'for more',
      )
      await secret.edit({ topic: 'for more', name: 'less-secret' })
      await edited
      const deleted = nextEvent(bob, Events.ChannelDelete, (channel) => channel.id === secret.id)
      await secret.delete()
      await deleted
    },

    async role() {
      const created = nextEvent(bob, Events.GuildRoleCreate, (role) => role.name === 'keeper')
      const role = await guildOf(ada).roles.create({
        name: 'keeper',
        colors: { primaryColor: 0x3366cc },
        permissions: [PermissionFlagsBits.ManageMessages],
      })
      await created
      const holds = (wanted: boolean) => (_: unknown, now: GuildMember) =>
        now.id === setup.bob.id && now.roles.cache.has(role.id) === wanted
      const given = nextEvent(bob, Events.GuildMemberUpdate, holds(true))
      await guildOf(ada).members.cache.get(setup.bob.id)!.roles.add(role)
      await given
      assert.ok(guildOf(bob).members.me?.permissions.has(PermissionFlagsBits.ManageMessages))
      const taken = nextEvent(bob, Events.GuildMemberUpdate, holds(false))
      await guildOf(ada).members.cache.get(setup.bob.id)!.roles.remove(role)
      await taken
      const renamed = nextEvent(
        bob,
        Events.GuildRoleUpdate,
        (_, now) => now.name === 'former keeper',
      )
      await role.edit({ name: 'former keeper' })
      await renamed
      const deleted = nextEvent(bob, Events.GuildRoleDelete, (deleted) => deleted.id === role.id)
      await role.delete()
      await deleted
    },

    async members() {
      const all = await guildOf(ada).members.fetch()
      assert.deepEqual([...all.keys()].sort(), [setup.ada.id, setup.bob.id, ...setup.guests].sort())
      assert.equal((await guildOf(ada).members.fetch({ query: 'guest', limit: 2 })).size, 2)
      const some = await guildOf(ada).members.fetch({
        user: [setup.guests[0]!, setup.bob.id],
        withPresences: true,
      })
      assert.deepEqual([...some.keys()].sort(), [setup.guests[0]!, setup.bob.id].sort())
      assert.equal((await guildOf(ada).members.list({ limit: 1_000 })).size, all.size)
    },

    async invite() {
      const invite = await textOf(ada).createInvite({ maxAge: 600 })
      const found = await bob.fetchInvite(invite.code)
      assert.equal(found.guild?.id, setup.guildId)
      assert.equal(found.channelId, setup.textId)
      assert.equal(found.inviterId, setup.ada.id)
      assert.ok((await textOf(ada).fetchInvites()).has(invite.code))
    },

    async kick() {
      const removed = nextEvent(
        ada,
        Events.GuildMemberRemove,
        (member) => member.id === setup.bob.id,
      )
      const lost = nextEvent(bob, Events.GuildDelete, (guild) => guild.id === setup.guildId)
      await guildOf(ada).members.cache.get(setup.bob.id)!.kick()
      await Promise.all([removed, lost])
      await join()
    },
  }) satisfies Partial<Steps>
