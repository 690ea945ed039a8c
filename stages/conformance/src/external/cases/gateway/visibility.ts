import { Op, Permission } from '@threshold/contract'
import type { Case } from '../../case.ts'
import { expectEqual } from '../../expect.ts'
import type { Socket } from '../../socket.ts'
import type { TestGuild } from '../../test-guild.ts'

const view = Permission.ViewChannel

/** Everything that can happen in a text channel. */
async function happen(guild: TestGuild, channel: string): Promise<void> {
  const at = `/channels/${channel}`
  const [one, two, three] = [
    await guild.send('one', guild.owner, channel),
    await guild.send('two', guild.owner, channel),
    await guild.send('three', guild.owner, channel),
  ]
  await guild.owner.api.patch(`${at}/messages/${one.id}`, { content: 'edited' })
  await guild.owner.api.put(`${at}/messages/${one.id}/reactions/👍/@me`)
  await guild.owner.api.delete(`${at}/messages/${one.id}/reactions/👍/@me`)
  await guild.owner.api.post(`${at}/typing`)
  await guild.owner.api.patch(at, { topic: 'changed' })
  await guild.owner.api.delete(`${at}/messages/${one.id}`)
  await guild.owner.api.post(`${at}/messages/bulk-delete`, { messages: [two.id, three.id] })
}

const HAPPENINGS = [
  'MESSAGE_CREATE',
  'MESSAGE_UPDATE',
  'MESSAGE_REACTION_ADD',
  'MESSAGE_REACTION_REMOVE',
  'TYPING_START',
  'CHANNEL_UPDATE',
  'MESSAGE_DELETE',
  'MESSAGE_DELETE_BULK',
]

/** The dispatches that speak of a channel, whichever they are. */
const of = (socket: Socket, channel: string): string[] =>
  socket.frames
    .filter((frame) => frame.op === 0 && JSON.stringify(frame.d).includes(channel))
    .map((frame) => frame.t!)

export const visibilityCases: readonly Case[] = [
  {
    id: 'gateway.sight.hidden',
    title:
      'Nothing that happens in a hidden channel, from its making to its end, reaches who cannot view it',
    covers: ['gateway.sight'],
    async run(fixture) {
      const guild = await fixture.guild()
      const [owner, member] = [await guild.owner.connect(), await guild.member.connect()]
      const hidden = await guild.createHiddenChannel()
      await happen(guild, hidden.id)
      await guild.owner.api.delete(`/channels/${hidden.id}`)
      await guild.awaitDelivery(owner, member)
      expectEqual(of(member, hidden.id), [], 'what a member heard of it')
      expectEqual(
        new Set(of(owner, hidden.id)),
        new Set(['CHANNEL_CREATE', ...HAPPENINGS, 'CHANNEL_DELETE']),
        'what the owner heard of it',
      )
    },
  },
  {
    id: 'gateway.sight.exceptions',
    title: 'Overwrites for a role or a member let exactly those hear of a hidden channel',
    covers: ['gateway.sight'],
    async run(fixture) {
      const guild = await fixture.guild()
      const [cy, dan] = [await guild.newMember('cy'), await guild.newMember('dan')]
      const hidden = await guild.createHiddenChannel()
      const role = await guild.grantPermissions(cy, 0n)
      await guild.setOverwrite(hidden.id, role.id, 0, { allow: view })
      await guild.setOverwrite(hidden.id, dan.id, 1, { allow: view })
      const [outside, byRole, byName] = [
        await guild.member.connect(),
        await cy.connect(),
        await dan.connect(),
      ]
      await guild.send('for some', guild.owner, hidden.id)
      await guild.awaitDelivery(outside, byRole, byName)
      for (const socket of [byRole, byName])
        expectEqual(
          socket.received('MESSAGE_CREATE', (d) => d.content === 'for some').length,
          1,
          'what those who may heard',
        )
      expectEqual(
        outside.received('MESSAGE_CREATE', (d) => d.content === 'for some'),
        [],
        'what the other heard',
      )
    },
  },
  {
    id: 'gateway.sight.invites',
    title:
      'INVITE_CREATE, which tells the code, reaches those alone who may manage its channel, and so does INVITE_DELETE',
    covers: ['gateway.sight'],
    async run(fixture) {
      const guild = await fixture.guild()
      const cy = await guild.newMember('cy')
      await guild.setOverwrite(guild.textId, cy.id, 1, { allow: Permission.ManageChannels })
      const [owner, member, manager] = [
        await guild.owner.connect(),
        await guild.member.connect(),
        await cy.connect(),
      ]
      const codeOf = async (channel: string): Promise<string> =>
        (await guild.member.api.post<{ code: string }>(`/channels/${channel}/invites`, {})).code
      const [here, elsewhere] = [await codeOf(guild.textId), await codeOf(guild.voiceId)]
      for (const code of [here, elsewhere])
        await guild.owner.api.request('DELETE', `/invites/${code}`)
      await guild.awaitDelivery(owner, member, manager)
      for (const type of ['INVITE_CREATE', 'INVITE_DELETE'] as const) {
        const heard = (socket: Socket): string[] => socket.received(type).map((d) => d.code)
        expectEqual(
          [owner, manager, member].map(heard),
          [[here, elsewhere], [here], []],
          `what owner, manager and member heard of ${type}`,
        )
      }
    },
  },
  {
    id: 'gateway.sight.mentioned',
    title: 'A mention lets nobody hear of a channel that they cannot view',
    covers: ['gateway.sight'],
    async run(fixture) {
      const guild = await fixture.guild()
      const hidden = await guild.createHiddenChannel()
      const member = await guild.member.connect()
      await guild.send(`<@${guild.member.id}> @everyone`, guild.owner, hidden.id)
      await guild.awaitDelivery(member)
      expectEqual(of(member, hidden.id), [], 'what the mentioned heard')
    },
  },
  {
    id: 'gateway.sight.voice',
    title: 'Who is in a hidden voice channel is not told to who cannot view it',
    covers: ['gateway.sight'],
    async run(fixture) {
      const guild = await fixture.guild()
      const hidden = await guild.createHiddenChannel({ type: 2 })
      const [owner, member] = [await guild.owner.connect(), await guild.member.connect()]
      const move = async (channel_id: string): Promise<void> => {
        owner.send(Op.VoiceStateUpdate, {
          guild_id: guild.id,
          channel_id,
          self_mute: false,
          self_deaf: false,
        })
        await owner.nextEvent('VOICE_STATE_UPDATE', (d) => d.channel_id === channel_id)
      }
      await move(hidden.id)
      await move(guild.voiceId)
      await move(hidden.id)
      await guild.awaitDelivery(member)
      expectEqual(of(member, hidden.id), [], 'what a member heard of the channel')
      expectEqual(
        member.received('VOICE_STATE_UPDATE').map((d) => d.channel_id),
        [guild.voiceId, null],
        'where a member saw the owner',
      )
      const late = await (await guild.newMember('cy')).connect()
      expectEqual(
        late.received('GUILD_CREATE')[0]!.voice_states,
        [],
        'voice states in the guild of another',
      )
    },
  },
  {
    id: 'gateway.sight.dm',
    title: 'A direct message reaches nobody but its two people',
    covers: ['gateway.sight'],
    async run(fixture) {
      const guild = await fixture.guild()
      const cy = await guild.newMember('cy')
      const [eve, recipient] = [await cy.connect(), await guild.member.connect()]
      const { id } = await guild.owner.api.post<{ id: string }>('/users/@me/channels', {
        recipient_id: guild.member.id,
      })
      await happenDirectly(guild, id)
      await recipient.nextEvent('MESSAGE_CREATE', (d) => d.channel_id === id)
      await guild.awaitDelivery(eve)
      expectEqual(of(eve, id), [], 'what a third heard')
    },
  },
  {
    id: 'gateway.sight.foreign',
    title: 'Nothing of a guild reaches who is not in it',
    covers: ['gateway.sight'],
    async run(fixture) {
      const guild = await fixture.guild()
      const eve = await fixture.user('eve')
      const own = await eve.api.post<{ id: string }>('/guilds', { name: 'her own' })
      const [outside, member] = [await eve.connect(), await guild.member.connect()]
      await happen(guild, guild.textId)
      await guild.owner.api.patch(`/guilds/${guild.id}`, { name: 'renamed' })
      await guild.awaitDelivery(member)
      await eve.api.patch(`/guilds/${own.id}`, { name: 'that is all' })
      await outside.nextEvent('GUILD_UPDATE')
      expectEqual(of(outside, guild.id), [], 'what a stranger heard')
    },
  },
]

async function happenDirectly(guild: TestGuild, dm: string): Promise<void> {
  const { id } = await guild.send('psst', guild.owner, dm)
  await guild.owner.api.patch(`/channels/${dm}/messages/${id}`, { content: 'psst!' })
  await guild.owner.api.put(`/channels/${dm}/messages/${id}/reactions/👍/@me`)
  await guild.owner.api.post(`/channels/${dm}/typing`)
}
