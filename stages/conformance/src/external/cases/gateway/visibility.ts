import { Permission } from '@threshold/contract'
import type { Case } from '../../case.ts'
import { expectEqual } from '../../expect.ts'
import type { Socket } from '../../socket.ts'
import { DELIVERY_MARKER, type TestGuild } from '../../test-guild.ts'
import { sendVoiceState } from './voice-state.ts'

const view = Permission.ViewChannel

/** Causes every event that a text channel can have. */
async function causeChannelEvents(guild: TestGuild, channel: string): Promise<void> {
  const base = `/channels/${channel}`
  const [one, two, three] = [
    await guild.send('one', guild.owner, channel),
    await guild.send('two', guild.owner, channel),
    await guild.send('three', guild.owner, channel),
  ]
  await guild.owner.api.patch(`${base}/messages/${one.id}`, { content: 'edited' })
  await guild.owner.api.put(`${base}/messages/${one.id}/reactions/👍/@me`)
  await guild.owner.api.delete(`${base}/messages/${one.id}/reactions/👍/@me`)
  await guild.owner.api.post(`${base}/typing`)
  await guild.owner.api.patch(base, { topic: 'changed' })
  await guild.owner.api.delete(`${base}/messages/${one.id}`)
  await guild.owner.api.post(`${base}/messages/bulk-delete`, { messages: [two.id, three.id] })
}

const CHANNEL_EVENTS = [
  'MESSAGE_CREATE',
  'MESSAGE_UPDATE',
  'MESSAGE_REACTION_ADD',
  'MESSAGE_REACTION_REMOVE',
  'TYPING_START',
  'CHANNEL_UPDATE',
  'MESSAGE_DELETE',
  'MESSAGE_DELETE_BULK',
]

/** The names of all dispatches that mention this id. */
const eventsAbout = (socket: Socket, channel: string): string[] =>
  socket.frames
    .filter((frame) => frame.op === 0 && JSON.stringify(frame.d).includes(channel))
    .map((frame) => frame.t!)

export const visibilityCases: readonly Case[] = [
  {
    id: 'gateway.sight.hidden',
    title:
      'No event of a hidden channel, from its creation to its deletion, reaches a member who ' +
      'cannot view it',
    covers: ['gateway.sight'],
    async run(fixture) {
      const guild = await fixture.guild()
      const [owner, member] = [await guild.owner.connect(), await guild.member.connect()]
      const hidden = await guild.createHiddenChannel()
      await causeChannelEvents(guild, hidden.id)
      await guild.owner.api.delete(`/channels/${hidden.id}`)
      await guild.awaitDelivery(owner, member)
      expectEqual(eventsAbout(member, hidden.id), [], 'the member’s events of the hidden channel')
      expectEqual(
        new Set(eventsAbout(owner, hidden.id)),
        new Set(['CHANNEL_CREATE', ...CHANNEL_EVENTS, 'CHANNEL_DELETE']),
        'the owner’s events of the hidden channel',
      )
    },
  },
  {
    id: 'gateway.sight.exceptions',
    title:
      'An overwrite for a role or a member lets exactly those members receive a hidden ' +
      'channel’s events',
    covers: ['gateway.sight'],
    async run(fixture) {
      const guild = await fixture.guild()
      const [cy, dan] = [await guild.newMember('cy'), await guild.newMember('dan')]
      const hidden = await guild.createHiddenChannel()
      const role = await guild.grantPermissions(cy, 0n)
      await guild.setOverwrite(hidden.id, role.id, 0, { allow: view })
      await guild.setOverwrite(hidden.id, dan.id, 1, { allow: view })
      const [outsider, byRole, byName] = [
        await guild.member.connect(),
        await cy.connect(),
        await dan.connect(),
      ]
      await guild.send('for some', guild.owner, hidden.id)
      await guild.awaitDelivery(outsider, byRole, byName)
      for (const socket of [byRole, byName])
        expectEqual(
          socket.received('MESSAGE_CREATE', (d) => d.content === 'for some').length,
          1,
          'the messages of a member with an overwrite',
        )
      expectEqual(
        outsider.received('MESSAGE_CREATE', (d) => d.content === 'for some'),
        [],
        'the messages of a member without an overwrite',
      )
    },
  },
  {
    id: 'gateway.sight.invites',
    title:
      'INVITE_CREATE and INVITE_DELETE reach only users who may manage the channel, since ' +
      'they contain the code',
    covers: ['gateway.sight'],
    async run(fixture) {
      const guild = await fixture.guild()
      const cy = await guild.newMember('cy')
      await guild.setOverwrite(guild.textChannelId, cy.id, 1, { allow: Permission.ManageChannels })
      const [owner, member, manager] = [
        await guild.owner.connect(),
        await guild.member.connect(),
        await cy.connect(),
      ]
      const createInvite = async (channel: string): Promise<string> =>
        (await guild.member.api.post<{ code: string }>(`/channels/${channel}/invites`, {})).code
      const [here, elsewhere] = [
        await createInvite(guild.textChannelId),
        await createInvite(guild.voiceChannelId),
      ]
      for (const code of [here, elsewhere])
        await guild.owner.api.request('DELETE', `/invites/${code}`)
      await guild.awaitDelivery(owner, member, manager)
      for (const type of ['INVITE_CREATE', 'INVITE_DELETE'] as const) {
        const codesOf = (socket: Socket): string[] => socket.received(type).map((d) => d.code)
        expectEqual(
          [owner, manager, member].map(codesOf),
          [[here, elsewhere], [here], []],
          `${type} events of owner, manager and member`,
        )
      }
    },
  },
  {
    id: 'gateway.sight.mentioned',
    title: 'A mention does not make a message reach a member who cannot view the channel',
    covers: ['gateway.sight'],
    async run(fixture) {
      const guild = await fixture.guild()
      const hidden = await guild.createHiddenChannel()
      const member = await guild.member.connect()
      await guild.send(`<@${guild.member.id}> @everyone`, guild.owner, hidden.id)
      await guild.awaitDelivery(member)
      expectEqual(
        eventsAbout(member, hidden.id),
        [],
        'the mentioned member’s events of the channel',
      )
    },
  },
  {
    id: 'gateway.sight.voice',
    title: 'A voice state in a hidden channel does not reach a member who cannot view the channel',
    covers: ['gateway.sight'],
    async run(fixture) {
      const guild = await fixture.guild()
      const hidden = await guild.createHiddenChannel({ type: 2 })
      const [owner, member] = [await guild.owner.connect(), await guild.member.connect()]
      const move = async (channel_id: string): Promise<void> => {
        sendVoiceState(owner, guild, channel_id)
        await owner.nextEvent('VOICE_STATE_UPDATE', (d) => d.channel_id === channel_id)
      }
      await move(hidden.id)
      await move(guild.voiceChannelId)
      await move(hidden.id)
      await guild.awaitDelivery(member)
      expectEqual(eventsAbout(member, hidden.id), [], 'the member’s events of the hidden channel')
      expectEqual(
        member.received('VOICE_STATE_UPDATE').map((d) => d.channel_id),
        [guild.voiceChannelId, null],
        'the owner’s channels in the member’s events',
      )
      const late = await (await guild.newMember('cy')).connect()
      expectEqual(
        late.received('GUILD_CREATE')[0]!.voice_states,
        [],
        'voice states in another member’s GUILD_CREATE',
      )
    },
  },
  {
    id: 'gateway.sight.dm',
    title: 'A direct message reaches only its two users',
    covers: ['gateway.sight'],
    async run(fixture) {
      const guild = await fixture.guild()
      const cy = await guild.newMember('cy')
      const [eve, recipient] = [await cy.connect(), await guild.member.connect()]
      const { id } = await guild.owner.api.post<{ id: string }>('/users/@me/channels', {
        recipient_id: guild.member.id,
      })
      await causeDirectEvents(guild, id)
      await recipient.nextEvent('MESSAGE_CREATE', (d) => d.channel_id === id)
      await guild.awaitDelivery(eve)
      expectEqual(eventsAbout(eve, id), [], 'another member’s events of the direct message')
    },
  },
  {
    id: 'gateway.sight.foreign',
    title: 'No event of a guild reaches a user who is not a member',
    covers: ['gateway.sight'],
    async run(fixture) {
      const guild = await fixture.guild()
      const eve = await fixture.user('eve')
      const own = await eve.api.post<{ id: string }>('/guilds', { name: 'her own' })
      const [outsider, member] = [await eve.connect(), await guild.member.connect()]
      await causeChannelEvents(guild, guild.textChannelId)
      await guild.owner.api.patch(`/guilds/${guild.id}`, { name: 'renamed' })
      await guild.awaitDelivery(member)
      await eve.api.patch(`/guilds/${own.id}`, { name: DELIVERY_MARKER })
      await outsider.nextEvent('GUILD_UPDATE')
      expectEqual(eventsAbout(outsider, guild.id), [], 'the stranger’s events of the guild')
    },
  },
]

async function causeDirectEvents(guild: TestGuild, dm: string): Promise<void> {
  const { id } = await guild.send('psst', guild.owner, dm)
  await guild.owner.api.patch(`/channels/${dm}/messages/${id}`, { content: 'psst!' })
  await guild.owner.api.put(`/channels/${dm}/messages/${id}/reactions/👍/@me`)
  await guild.owner.api.post(`/channels/${dm}/typing`)
}
