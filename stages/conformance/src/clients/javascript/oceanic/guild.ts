import assert from 'node:assert/strict'
import {
  ChannelTypes,
  DiscordRESTError,
  type Member,
  OverwriteTypes,
  Permissions,
} from 'oceanic.js'
import type { Steps } from '../play.ts'
import { type Cast, heard } from './cast.ts'

/** The guild itself: who and what is in it. */
export const guild = ({ world, ada, bob, guildOf, textOf, join }: Cast) =>
  ({
    async guild() {
      const guild = guildOf(ada)
      assert.equal(guild.name, world.guildName)
      assert.equal(guild.ownerID, world.ada.id)
      assert.equal(guild.memberCount, 1 + world.guests.length)
      assert.equal(guild.channels.get(world.textId)?.type, ChannelTypes.GUILD_TEXT)
      assert.equal(guild.channels.get(world.voiceId)?.type, ChannelTypes.GUILD_VOICE)
      assert.equal(guild.roles.get(guild.id)?.name, '@everyone')
      assert.ok(guild.clientMember.permissions.has('ADMINISTRATOR'))
      assert.equal(
        (await ada.rest.guilds.get(guild.id, true)).approximateMemberCount,
        guild.memberCount,
      )
    },

    join,

    async channel() {
      const created = heard(
        ada,
        'channelCreate',
        (channel) => 'name' in channel && channel.name === 'secret',
      )
      const secret = await guildOf(ada).createChannel(ChannelTypes.GUILD_TEXT, {
        name: 'secret',
        topic: 'for few',
        permissionOverwrites: [
          {
            id: world.guildId,
            type: OverwriteTypes.ROLE,
            allow: 0n,
            deny: Permissions.VIEW_CHANNEL,
          },
        ],
      })
      await created
      assert.ok(secret.permissionOverwrites.get(world.guildId)?.has('VIEW_CHANNEL') === false)
      await assert.rejects(
        bob.rest.channels.get(secret.id),
        (error) => error instanceof DiscordRESTError && error.code === 50001,
      )
      assert.equal(bob.getChannel(secret.id), undefined)
      const opened = heard(bob, 'channelCreate', (channel) => channel.id === secret.id)
      await secret.editPermission(world.bob.id, {
        type: OverwriteTypes.MEMBER,
        allow: Permissions.VIEW_CHANNEL,
      })
      await opened
      const edited = heard(
        bob,
        'channelUpdate',
        (channel) => channel.id === secret.id && 'topic' in channel && channel.topic === 'for more',
      )
      await secret.edit({ topic: 'for more', name: 'less-secret' })
      await edited
      const gone = heard(bob, 'channelDelete', (channel) => channel.id === secret.id)
      await secret.delete()
      await gone
    },

    async role() {
      const created = heard(bob, 'guildRoleCreate', (role) => role.name === 'keeper')
      const role = await guildOf(ada).createRole({
        name: 'keeper',
        color: 0x3366cc,
        permissions: Permissions.MANAGE_MESSAGES.toString(),
      })
      await created
      assert.equal(role.color, 0x3366cc)
      const holds = (wanted: boolean) => (member: Member) =>
        member.id === world.bob.id && member.roles.includes(role.id) === wanted
      const given = heard(bob, 'guildMemberUpdate', holds(true))
      await guildOf(ada).addMemberRole(world.bob.id, role.id)
      await given
      assert.ok(guildOf(bob).clientMember.permissions.has('MANAGE_MESSAGES'))
      const taken = heard(bob, 'guildMemberUpdate', holds(false))
      await guildOf(ada).removeMemberRole(world.bob.id, role.id)
      await taken
      const renamed = heard(bob, 'guildRoleUpdate', (now) => now.name === 'former keeper')
      await role.edit({ name: 'former keeper' })
      await renamed
      const deleted = heard(bob, 'guildRoleDelete', (gone) => gone.id === role.id)
      await role.delete()
      await deleted
    },

    async members() {
      const all = await guildOf(ada).fetchMembers({ presences: true })
      assert.deepEqual(
        all.map((m) => m.id).sort(),
        [world.ada.id, world.bob.id, ...world.guests].sort(),
      )
      assert.equal((await guildOf(ada).fetchMembers({ query: 'guest', limit: 2 })).length, 2)
      const some = await guildOf(ada).fetchMembers({ userIDs: [world.guests[0]!, world.bob.id] })
      assert.deepEqual(some.map((m) => m.id).sort(), [world.guests[0]!, world.bob.id].sort())
      assert.equal((await guildOf(ada).getMembers({ limit: 1_000 })).length, all.length)
      assert.equal((await guildOf(ada).getMember(world.bob.id)).username, world.bob.username)
    },

    async invite() {
      const invite = await textOf(ada).createInvite({ maxAge: 600 })
      const found = await bob.rest.channels.getInvite(invite.code, {})
      assert.equal(found.guildID, world.guildId)
      assert.equal(found.channelID, world.textId)
      assert.equal(found.inviter?.id, world.ada.id)
      assert.ok((await textOf(ada).getInvites()).some(({ code }) => code === invite.code))
    },

    async kick() {
      const removed = heard(ada, 'guildMemberRemove', (member) => member.id === world.bob.id)
      const lost = heard(bob, 'guildDelete', (guild) => guild.id === world.guildId)
      await guildOf(ada).removeMember(world.bob.id)
      await Promise.all([removed, lost])
      await join()
    },
  }) satisfies Partial<Steps>
