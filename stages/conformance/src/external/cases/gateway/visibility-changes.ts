import { Permission } from '@threshold/contract'
import type { Case } from '../../case.ts'
import { expectEqual } from '../../expect.ts'

const view = Permission.ViewChannel

export const visibilityChangeCases: readonly Case[] = [
  {
    id: 'gateway.sight.lost',
    title: 'Who loses sight of a channel hears nothing more of it, and again when it comes back',
    covers: ['gateway.sight'],
    async run(fixture) {
      const guild = await fixture.guild()
      const channel = await guild.createChannel()
      const member = await guild.member.connect()
      const heard = async (content: string): Promise<boolean> => {
        await guild.send(content, guild.owner, channel.id)
        await guild.awaitDelivery(member)
        return member.received('MESSAGE_CREATE', (d) => d.content === content).length === 1
      }
      expectEqual(await heard('open'), true, 'while it is open')
      await guild.setOverwrite(channel.id, guild.id, 0, { deny: view })
      expectEqual(await heard('hidden by an overwrite'), false, 'behind an overwrite')
      await guild.setOverwrite(channel.id, guild.member.id, 1, { allow: view })
      expectEqual(await heard('opened for one'), true, 'with an exception')
      await guild.owner.api.delete(`/channels/${channel.id}/permissions/${guild.member.id}`)
      expectEqual(await heard('hidden again'), false, 'without the exception')
      const role = await guild.grantPermissions(guild.member, Permission.Administrator)
      expectEqual(await heard('to an administrator'), true, 'as an administrator')
      await guild.owner.api.patch(`/guilds/${guild.id}/roles/${role.id}`, { permissions: '0' })
      expectEqual(await heard('to nobody special'), false, 'with a role that lost its permissions')
    },
  },
  {
    id: 'gateway.sight.roles',
    title: 'Sight follows roles as they are given, taken and deleted',
    covers: ['gateway.sight'],
    async run(fixture) {
      const guild = await fixture.guild()
      const hidden = await guild.createHiddenChannel()
      const role = await guild.createRole(0n)
      await guild.setOverwrite(hidden.id, role.id, 0, { allow: view })
      const member = await guild.member.connect()
      const path = `/guilds/${guild.id}/members/${guild.member.id}`
      const heard = async (content: string): Promise<boolean> => {
        await guild.send(content, guild.owner, hidden.id)
        await guild.awaitDelivery(member)
        return member.received('MESSAGE_CREATE', (d) => d.content === content).length === 1
      }
      expectEqual(await heard('before'), false, 'without the role')
      await guild.giveRole(guild.member, role.id)
      expectEqual(await heard('given'), true, 'with the role')
      await guild.owner.api.patch(path, { roles: [] })
      expectEqual(await heard('taken'), false, 'after it was taken')
      await guild.owner.api.patch(path, { roles: [role.id] })
      expectEqual(await heard('given again'), true, 'with the role again')
      await guild.owner.api.delete(`/guilds/${guild.id}/roles/${role.id}`)
      expectEqual(await heard('deleted'), false, 'after the role was deleted')
    },
  },
]
