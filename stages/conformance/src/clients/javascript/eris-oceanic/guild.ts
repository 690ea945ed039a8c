import assert from 'node:assert/strict'
import type { Steps } from '../harness.ts'
import { type Clients, nextEvent } from './clients.ts'

type WithId = { readonly id: string }
type Named = { readonly name: string }

/** The guild, its channels, roles and members. */
export const guild = ({
  dialect,
  setup,
  ada,
  bob,
  guildOf,
  textOf,
  nextGuildEvent,
  join,
}: Clients) =>
  ({
    async guild() {
      const guild = guildOf(ada)
      assert.equal(guild.name, setup.guildName)
      assert.equal(guild.ownerID, setup.ada.id)
      assert.equal(guild.memberCount, 1 + setup.guests.length)
      assert.equal(guild.channels.get(setup.textId)?.type, 0)
      assert.equal(guild.channels.get(setup.voiceId)?.type, 2)
      assert.equal(guild.roles.get(guild.id)?.name, '@everyone')
      assert.ok(dialect.isPermitted(ada, guild, 'administrator'))
      assert.equal(await dialect.approximateMemberCount(ada, guild), guild.memberCount)
    },

    join,

    async channel() {
      const created = nextEvent<[Partial<Named>]>(ada, 'channelCreate', (c) => c.name === 'secret')
      const secret = await dialect.createHiddenChannel(guildOf(ada), 'secret', 'for few')
      await created
      assert.ok(dialect.isHidden(secret, setup.guildId))
      await assert.rejects(dialect.fetchChannel(bob, secret.id), (error) =>
        dialect.isRefusal(error, 403, 50001),
      )
      assert.equal(bob.getChannel(secret.id), undefined)
      const isSecret = ({ id }: WithId) => id === secret.id
      const opened = nextEvent<[WithId]>(bob, 'channelCreate', isSecret)
      await dialect.showChannel(secret, setup.bob.id)
      await opened
      const edited = nextEvent<[WithId & { topic?: string }]>(
        bob,
        'channelUpdate',
        (channel) => isSecret(channel) && channel.topic === 'for more',
      )
      await secret.edit({ topic: 'for more', name: 'less-secret' })
      await edited
      const deleted = nextEvent<[WithId]>(bob, 'channelDelete', isSecret)
      await secret.delete()
      await deleted
    },

    async role() {
      const created = nextGuildEvent<[Named]>(bob, 'guildRoleCreate', (r) => r.name === 'keeper')
      const role = await guildOf(ada).createRole({
        name: 'keeper',
        color: 0x3366cc,
        permissions: dialect.manageMessages,
      })
      await created
      assert.equal(role.color, 0x3366cc)
      const bobHasRole = (wanted: boolean) =>
        nextGuildEvent<[WithId & { roles: string[] }]>(
          bob,
          'guildMemberUpdate',
          ({ id, roles }) => id === setup.bob.id && roles.includes(role.id) === wanted,
        )
      const assigned = bobHasRole(true)
      await guildOf(ada).addMemberRole(setup.bob.id, role.id)
      await assigned
      assert.ok(dialect.isPermitted(bob, guildOf(bob), 'manageMessages'))
      const removed = bobHasRole(false)
      await guildOf(ada).removeMemberRole(setup.bob.id, role.id)
      await removed
      const renamed = nextGuildEvent<[Named]>(
        bob,
        'guildRoleUpdate',
        ({ name }) => name === 'former keeper',
      )
      await role.edit({ name: 'former keeper' })
      await renamed
      const deleted = nextGuildEvent<[WithId]>(bob, 'guildRoleDelete', ({ id }) => id === role.id)
      await role.delete()
      await deleted
    },

    async members() {
      const guild = guildOf(ada)
      const idsOf = (members: readonly WithId[]) => members.map(({ id }) => id).sort()
      const everyone = [setup.ada.id, setup.bob.id, ...setup.guests].sort()
      assert.deepEqual(idsOf(await guild.fetchMembers({ presences: true })), everyone)
      assert.equal((await guild.fetchMembers({ query: 'guest', limit: 2 })).length, 2)
      const some = [setup.guests[0]!, setup.bob.id].sort()
      assert.deepEqual(idsOf(await guild.fetchMembers({ userIDs: some })), some)
      assert.equal((await dialect.restMembers(guild)).length, everyone.length)
      assert.equal(await dialect.restUsername(guild, setup.bob.id), setup.bob.username)
    },

    async invite() {
      const { code } = await textOf(ada).createInvite({ maxAge: 600 })
      assert.deepEqual(await dialect.fetchInvite(bob, code), [
        setup.guildId,
        setup.textId,
        setup.ada.id,
      ])
      assert.ok((await textOf(ada).getInvites()).some((invite) => invite.code === code))
    },

    async kick() {
      const removed = nextGuildEvent<[WithId]>(
        ada,
        'guildMemberRemove',
        ({ id }) => id === setup.bob.id,
      )
      const lost = nextEvent<[WithId]>(bob, 'guildDelete', ({ id }) => id === setup.guildId)
      await dialect.kickMember(guildOf(ada), setup.bob.id)
      await Promise.all([removed, lost])
      await join()
    },
  }) satisfies Partial<Steps>
