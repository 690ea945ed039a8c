import { Permission } from '@threshold/contract'
import type { Case } from '../../case.ts'
import { expectEqual } from '../../expect.ts'

const view = Permission.ViewChannel

export const visibilityChangeCases: readonly Case[] = [
  {
    id: 'gateway.sight.lost',
    title:
      'A member who loses sight of a channel receives no more of its events, and receives ' +
      'them again once it is visible',
    covers: ['gateway.sight'],
    async run(fixture) {
      const guild = await fixture.guild()
      const channel = await guild.createChannel()
      const member = await guild.member.connect()
      const receives = async (content: string): Promise<boolean> => {
        await guild.send(content, guild.owner, channel.id)
        await guild.awaitDelivery(member)
        return member.received('MESSAGE_CREATE', (d) => d.content === content).length === 1
      }
      expectEqual(await receives('open'), true, 'while the channel is visible')
      await guild.setOverwrite(channel.id, guild.id, 0, { deny: view })
      expectEqual(await receives('hidden by an overwrite'), false, 'hidden by an overwrite')
      await guild.setOverwrite(channel.id, guild.member.id, 1, { allow: view })
      expectEqual(await receives('opened for one'), true, 'with an exception')
      await guild.owner.api.delete(`/channels/${channel.id}/permissions/${guild.member.id}`)
      expectEqual(await receives('hidden again'), false, 'without the exception')
      const role = await guild.grantPermissions(guild.member, Permission.Administrator)
      expectEqual(await receives('to an administrator'), true, 'as an administrator')
      await guild.owner.api.patch(`/guilds/${guild.id}/roles/${role.id}`, { permissions: '0' })
      expectEqual(
        await receives('to nobody special'),
        false,
        'with a role that lost its permissions',
      )
    },
  },
  {
    id: 'gateway.sight.roles',
    title: 'A role that opens a hidden channel takes effect when it is given, taken and deleted',
    covers: ['gateway.sight'],
    async run(fixture) {
      const guild = await fixture.guild()
      const hidden = await guild.createHiddenChannel()
      const role = await guild.createRole(0n)
      await guild.setOverwrite(hidden.id, role.id, 0, { allow: view })
      const member = await guild.member.connect()
      const path = `/guilds/${guild.id}/members/${guild.member.id}`
      const receives = async (content: string): Promise<boolean> => {
        await guild.send(content, guild.owner, hidden.id)
        await guild.awaitDelivery(member)
        return member.received('MESSAGE_CREATE', (d) => d.content === content).length === 1
      }
      expectEqual(await receives('before'), false, 'without the role')
      await guild.giveRole(guild.member, role.id)
      expectEqual(await receives('given'), true, 'with the role')
      await guild.owner.api.patch(path, { roles: [] })
      expectEqual(await receives('taken'), false, 'after the role was taken away')
      await guild.owner.api.patch(path, { roles: [role.id] })
      expectEqual(await receives('given again'), true, 'with the role again')
      await guild.owner.api.delete(`/guilds/${guild.id}/roles/${role.id}`)
      expectEqual(await receives('deleted'), false, 'after the role was deleted')
    },
  },
]
