import { Op, Permission } from '@threshold/contract'
import type { Case } from '../../case.ts'
import { same } from '../../expect.ts'
import type { TestGuild } from '../../guild.ts'
import type { Socket } from '../../socket.ts'

const view = Permission.ViewChannel

/** Everything that can happen in a text channel. */
async function happen(guild: TestGuild, channel: string): Promise<void> {
  const at = `/channels/${channel}`
  const [one, two, three] = [
    await guild.say('one', guild.owner, channel),
    await guild.say('two', guild.owner, channel),
    await guild.say('three', guild.owner, channel),
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

export const sightCases: readonly Case[] = [
  {
    id: 'gateway.sight.hidden',
    sentence:
      'Nothing that happens in a hidden channel, from its making to its end, reaches who cannot view it',
    async run(world) {
      const guild = await world.guild()
      const [owner, member] = [await guild.owner.connect(), await guild.member.connect()]
      const hidden = await guild.hiddenChannel()
      await happen(guild, hidden.id)
      await guild.owner.api.delete(`/channels/${hidden.id}`)
      await guild.settle(owner, member)
      same(of(member, hidden.id), [], 'what a member heard of it')
      same(
        new Set(of(owner, hidden.id)),
        new Set(['CHANNEL_CREATE', ...HAPPENINGS, 'CHANNEL_DELETE']),
        'what the owner heard of it',
      )
    },
  },
  {
    id: 'gateway.sight.exceptions',
    sentence: 'Overwrites for a role or a member let exactly those hear of a hidden channel',
    async run(world) {
      const guild = await world.guild()
      const [cy, dan] = [await guild.newMember('cy'), await guild.newMember('dan')]
      const hidden = await guild.hiddenChannel()
      const role = await guild.grant(cy, 0n)
      await guild.overwrite(hidden.id, role.id, 0, { allow: view })
      await guild.overwrite(hidden.id, dan.id, 1, { allow: view })
      const [outside, byRole, byName] = [
        await guild.member.connect(),
        await cy.connect(),
        await dan.connect(),
      ]
      await guild.say('for some', guild.owner, hidden.id)
      await guild.settle(outside, byRole, byName)
      for (const socket of [byRole, byName])
        same(
          socket.seen('MESSAGE_CREATE', (d) => d.content === 'for some').length,
          1,
          'what those who may heard',
        )
      same(
        outside.seen('MESSAGE_CREATE', (d) => d.content === 'for some'),
        [],
        'what the other heard',
      )
    },
  },
  {
    id: 'gateway.sight.invites',
    sentence:
      'INVITE_CREATE, which tells the code, reaches those alone who may manage its channel, and so does INVITE_DELETE',
    async run(world) {
      const guild = await world.guild()
      const cy = await guild.newMember('cy')
      await guild.overwrite(guild.text, cy.id, 1, { allow: Permission.ManageChannels })
      const [owner, member, manager] = [
        await guild.owner.connect(),
        await guild.member.connect(),
        await cy.connect(),
      ]
      const codeOf = async (channel: string): Promise<string> =>
        (await guild.member.api.post<{ code: string }>(`/channels/${channel}/invites`, {})).code
      const [here, elsewhere] = [await codeOf(guild.text), await codeOf(guild.voice)]
      for (const code of [here, elsewhere]) await guild.owner.api.call('DELETE', `/invites/${code}`)
      await guild.settle(owner, member, manager)
      for (const type of ['INVITE_CREATE', 'INVITE_DELETE'] as const) {
        const heard = (socket: Socket): string[] => socket.seen(type).map((d) => d.code)
        same(
          [owner, manager, member].map(heard),
          [[here, elsewhere], [here], []],
          `what owner, manager and member heard of ${type}`,
        )
      }
    },
  },
  {
    id: 'gateway.sight.lost',
    sentence: 'Who loses sight of a channel hears nothing more of it, and again when it comes back',
    async run(world) {
      const guild = await world.guild()
      const channel = await guild.channel()
      const member = await guild.member.connect()
      const heard = async (content: string): Promise<boolean> => {
        await guild.say(content, guild.owner, channel.id)
        await guild.settle(member)
        return member.seen('MESSAGE_CREATE', (d) => d.content === content).length === 1
      }
      same(await heard('open'), true, 'while it is open')
      await guild.overwrite(channel.id, guild.id, 0, { deny: view })
      same(await heard('hidden by an overwrite'), false, 'behind an overwrite')
      await guild.overwrite(channel.id, guild.member.id, 1, { allow: view })
      same(await heard('opened for one'), true, 'with an exception')
      await guild.owner.api.delete(`/channels/${channel.id}/permissions/${guild.member.id}`)
      same(await heard('hidden again'), false, 'without the exception')
      const role = await guild.grant(guild.member, Permission.Administrator)
      same(await heard('to an administrator'), true, 'as an administrator')
      await guild.owner.api.patch(`/guilds/${guild.id}/roles/${role.id}`, { permissions: '0' })
      same(await heard('to nobody special'), false, 'with a role that lost its permissions')
    },
  },
  {
    id: 'gateway.sight.roles',
    sentence: 'Sight follows roles as they are given, taken and deleted',
    async run(world) {
      const guild = await world.guild()
      const hidden = await guild.hiddenChannel()
      const role = await guild.role(0n)
      await guild.overwrite(hidden.id, role.id, 0, { allow: view })
      const member = await guild.member.connect()
      const path = `/guilds/${guild.id}/members/${guild.member.id}`
      const heard = async (content: string): Promise<boolean> => {
        await guild.say(content, guild.owner, hidden.id)
        await guild.settle(member)
        return member.seen('MESSAGE_CREATE', (d) => d.content === content).length === 1
      }
      same(await heard('before'), false, 'without the role')
      await guild.give(guild.member, role.id)
      same(await heard('given'), true, 'with the role')
      await guild.owner.api.patch(path, { roles: [] })
      same(await heard('taken'), false, 'after it was taken')
      await guild.owner.api.patch(path, { roles: [role.id] })
      same(await heard('given again'), true, 'with the role again')
      await guild.owner.api.delete(`/guilds/${guild.id}/roles/${role.id}`)
      same(await heard('deleted'), false, 'after the role was deleted')
    },
  },
  {
    id: 'gateway.sight.mentioned',
    sentence: 'A mention lets nobody hear of a channel that they cannot view',
    async run(world) {
      const guild = await world.guild()
      const hidden = await guild.hiddenChannel()
      const member = await guild.member.connect()
      await guild.say(`<@${guild.member.id}> @everyone`, guild.owner, hidden.id)
      await guild.settle(member)
      same(of(member, hidden.id), [], 'what the mentioned heard')
    },
  },
  {
    id: 'gateway.sight.voice',
    sentence: 'Who is in a hidden voice channel is not told to who cannot view it',
    async run(world) {
      const guild = await world.guild()
      const hidden = await guild.hiddenChannel({ type: 2 })
      const [owner, member] = [await guild.owner.connect(), await guild.member.connect()]
      const move = async (channel_id: string): Promise<void> => {
        owner.send(Op.VoiceStateUpdate, {
          guild_id: guild.id,
          channel_id,
          self_mute: false,
          self_deaf: false,
        })
        await owner.next('VOICE_STATE_UPDATE', (d) => d.channel_id === channel_id)
      }
      await move(hidden.id)
      await move(guild.voice)
      await move(hidden.id)
      await guild.settle(member)
      same(of(member, hidden.id), [], 'what a member heard of the channel')
      same(
        member.seen('VOICE_STATE_UPDATE').map((d) => d.channel_id),
        [guild.voice, null],
        'where a member saw the owner',
      )
      const late = await (await guild.newMember('cy')).connect()
      same(late.seen('GUILD_CREATE')[0]!.voice_states, [], 'voice states in the guild of another')
    },
  },
  {
    id: 'gateway.sight.dm',
    sentence: 'A direct message reaches nobody but its two people',
    async run(world) {
      const guild = await world.guild()
      const cy = await guild.newMember('cy')
      const [eve, recipient] = [await cy.connect(), await guild.member.connect()]
      const { id } = await guild.owner.api.post<{ id: string }>('/users/@me/channels', {
        recipient_id: guild.member.id,
      })
      await happenDirectly(guild, id)
      await recipient.next('MESSAGE_CREATE', (d) => d.channel_id === id)
      await guild.settle(eve)
      same(of(eve, id), [], 'what a third heard')
    },
  },
  {
    id: 'gateway.sight.foreign',
    sentence: 'Nothing of a guild reaches who is not in it',
    async run(world) {
      const guild = await world.guild()
      const eve = await world.user('eve')
      const own = await eve.api.post<{ id: string }>('/guilds', { name: 'her own' })
      const [outside, member] = [await eve.connect(), await guild.member.connect()]
      await happen(guild, guild.text)
      await guild.owner.api.patch(`/guilds/${guild.id}`, { name: 'renamed' })
      await guild.settle(member)
      await eve.api.patch(`/guilds/${own.id}`, { name: 'that is all' })
      await outside.next('GUILD_UPDATE')
      same(of(outside, guild.id), [], 'what a stranger heard')
    },
  },
]

async function happenDirectly(guild: TestGuild, dm: string): Promise<void> {
  const { id } = await guild.say('psst', guild.owner, dm)
  await guild.owner.api.patch(`/channels/${dm}/messages/${id}`, { content: 'psst!' })
  await guild.owner.api.put(`/channels/${dm}/messages/${id}/reactions/👍/@me`)
  await guild.owner.api.post(`/channels/${dm}/typing`)
}
