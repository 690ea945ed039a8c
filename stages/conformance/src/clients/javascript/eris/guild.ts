import assert from 'node:assert/strict'
import { Constants, DiscordRESTError, type Guild, type Member } from 'eris'
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
      assert.equal(guild.channels.get(world.textId)?.type, Constants.ChannelTypes.GUILD_TEXT)
      assert.equal(guild.channels.get(world.voiceId)?.type, Constants.ChannelTypes.GUILD_VOICE)
      assert.equal(guild.roles.get(guild.id)?.name, '@everyone')
      assert.ok(guild.permissionsOf(world.ada.id).has('administrator'))
      assert.equal(
        (await ada.getRESTGuild(guild.id, true)).approximateMemberCount,
        guild.memberCount,
      )
    },

    join,

    async channel() {
      const created = heard(ada, 'channelCreate', (channel) => channel.name === 'secret')
      const secret = await guildOf(ada).createChannel('secret', Constants.ChannelTypes.GUILD_TEXT, {
        topic: 'for few',
        permissionOverwrites: [
          {
            id: world.guildId,
            type: Constants.PermissionOverwriteTypes.ROLE,
            allow: 0n,
            deny: Constants.Permissions.viewChannel,
          },
        ],
      })
      await created
      assert.ok(secret.permissionOverwrites.get(world.guildId)?.has('viewChannel') === false)
      await assert.rejects(
        bob.getRESTChannel(secret.id),
        (error) => error instanceof DiscordRESTError && error.code === 50001,
      )
      assert.equal(bob.getChannel(secret.id), undefined)
      const opened = heard(bob, 'channelCreate', (channel) => channel.id === secret.id)
      await secret.editPermission(
        world.bob.id,
        Constants.Permissions.viewChannel,
        0n,
        Constants.PermissionOverwriteTypes.USER,
      )
      await opened
      const edited = heard(
        bob,
        'channelUpdate',
        (...[channel]) =>
          channel.id === secret.id && 'topic' in channel && channel.topic === 'for more',
      )
      await secret.edit({ topic: 'for more', name: 'less-secret' })
      await edited
      const gone = heard(bob, 'channelDelete', (channel) => channel.id === secret.id)
      await secret.delete()
      await gone
    },

    async role() {
      const created = heard(bob, 'guildRoleCreate', (_guild, role) => role.name === 'keeper')
      const role = await guildOf(ada).createRole({
        name: 'keeper',
        color: 0x3366cc,
        permissions: Constants.Permissions.manageMessages,
      })
      await created
      assert.equal(role.color, 0x3366cc)
      const holds = (wanted: boolean) => (_guild: Guild, member: Member) =>
        member.id === world.bob.id && member.roles.includes(role.id) === wanted
      const given = heard(bob, 'guildMemberUpdate', holds(true))
      await guildOf(ada).addMemberRole(world.bob.id, role.id)
      await given
      assert.ok(guildOf(bob).permissionsOf(world.bob.id).has('manageMessages'))
      const taken = heard(bob, 'guildMemberUpdate', holds(false))
      await guildOf(ada).removeMemberRole(world.bob.id, role.id)
      await taken
      const renamed = heard(bob, 'guildRoleUpdate', (_guild, now) => now.name === 'former keeper')
      await role.edit({ name: 'former keeper' })
      await renamed
      const deleted = heard(bob, 'guildRoleDelete', (_guild, gone) => gone.id === role.id)
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
      assert.equal((await guildOf(ada).getRESTMembers({ limit: 1_000 })).length, all.length)
      assert.equal((await guildOf(ada).getRESTMember(world.bob.id)).username, world.bob.username)
    },

    async invite() {
      const invite = await textOf(ada).createInvite({ maxAge: 600 })
      const found = await bob.getInvite(invite.code, true)
      assert.equal(found.guild?.id, world.guildId)
      assert.equal(found.channel?.id, world.textId)
      assert.equal(found.inviter?.id, world.ada.id)
      assert.ok((await textOf(ada).getInvites()).some(({ code }) => code === invite.code))
    },

    async kick() {
      const removed = heard(
        ada,
        'guildMemberRemove',
        (_guild, member) => member.id === world.bob.id,
      )
      const lost = heard(bob, 'guildDelete', (guild) => guild.id === world.guildId)
      await guildOf(ada).kickMember(world.bob.id)
      await Promise.all([removed, lost])
      await join()
    },
  }) satisfies Partial<Steps>
