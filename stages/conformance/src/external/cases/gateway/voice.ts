import { Permission } from '@threshold/contract'
import type { Case } from '../../case.ts'
import { expectEqual, expectIncludes, expectTrue } from '../../expect.ts'
import { sendVoiceState } from './voice-state.ts'

export const voiceCases: readonly Case[] = [
  {
    id: 'gateway.voice.join',
    title:
      'Op 4 joins a voice channel: every member receives VOICE_STATE_UPDATE, and the joining ' +
      'one VOICE_SERVER_UPDATE',
    covers: ['gateway.opcodes', 'gateway.events.voice'],
    async run(fixture) {
      const guild = await fixture.guild()
      const owner = await guild.owner.connect()
      const { socket: member, ready } = await guild.member.login()
      sendVoiceState(member, guild, guild.voiceChannelId, { self_mute: true })
      for (const socket of [owner, member]) {
        const event = await socket.nextEvent('VOICE_STATE_UPDATE')
        expectIncludes(
          event,
          {
            guild_id: guild.id,
            channel_id: guild.voiceChannelId,
            user_id: guild.member.id,
            self_mute: true,
            self_deaf: false,
            deaf: false,
            mute: false,
          },
          'the state',
        )
        expectIncludes(event.member?.user, { id: guild.member.id }, 'its member')
        expectEqual(event.session_id, ready.session_id, 'its session')
      }
      for (const [user, target] of [
        [guild.member, '@me'],
        [guild.owner, guild.member.id],
      ] as const) {
        const state = await user.api.get(`/guilds/${guild.id}/voice-states/${target}`)
        expectIncludes(
          state,
          { channel_id: guild.voiceChannelId, user_id: guild.member.id, self_mute: true },
          `GET voice-states/${target}`,
        )
      }
      const server = await member.nextEvent('VOICE_SERVER_UPDATE')
      expectEqual(server.guild_id, guild.id, 'the guild')
      expectTrue(
        typeof server.token === 'string' && server.token.length > 0,
        'a token for the voice server',
      )
      expectTrue(
        server.endpoint === null || /^[\w.-]+(:[0-9]+)?$/.test(server.endpoint),
        'an endpoint without a scheme',
        server.endpoint,
      )
      await guild.awaitDelivery(owner)
      expectEqual(
        owner.received('VOICE_SERVER_UPDATE'),
        [],
        'VOICE_SERVER_UPDATE events of the owner',
      )
    },
  },
  {
    id: 'gateway.voice.move',
    title:
      'A member moves between voice channels, mutes and deafens themselves, and leaves with ' +
      '`channel_id` null',
    covers: ['gateway.events.voice'],
    async run(fixture) {
      const guild = await fixture.guild()
      const second = await guild.createChannel({ name: 'second', type: 2 })
      const [owner, member] = [await guild.owner.connect(), await guild.member.connect()]
      const changes = [
        [guild.voiceChannelId, {}],
        [second.id, {}],
        [second.id, { self_deaf: true }],
        [null, {}],
      ] as const
      for (const [channel, more] of changes) {
        sendVoiceState(member, guild, channel, more)
        const event = await owner.nextEvent('VOICE_STATE_UPDATE')
        expectIncludes(event, { user_id: guild.member.id, channel_id: channel }, 'the state')
        if (channel !== null) expectEqual(event.self_deaf, 'self_deaf' in more, 'self_deaf')
      }
      await guild.awaitDelivery(member)
      // A client would leave the call and rejoin it if each mute brought a new token.
      expectEqual(
        member.received('VOICE_SERVER_UPDATE').length,
        2,
        'the number of VOICE_SERVER_UPDATE events: one per channel, none for self_deaf',
      )
    },
  },
  {
    id: 'gateway.voice.states',
    title: 'GUILD_CREATE has the voice states, with `suppress` for members who may not speak',
    covers: ['gateway.guild-create', 'gateway.events.voice'],
    async run(fixture) {
      const guild = await fixture.guild()
      const member = await guild.member.connect()
      sendVoiceState(member, guild, guild.voiceChannelId)
      await member.nextEvent('VOICE_STATE_UPDATE')
      const states = (await guild.owner.connect()).received('GUILD_CREATE')[0]!.voice_states
      expectEqual(
        states.map((each) => [each.user_id, each.channel_id, each.suppress]),
        [[guild.member.id, guild.voiceChannelId, false]],
        'the voice states',
      )
      const overwrite = {
        id: guild.member.id,
        type: 1,
        allow: '0',
        deny: Permission.Speak.toString(),
      }
      const silenced = await guild.createChannel({
        name: 'hushed',
        type: 2,
        permission_overwrites: [overwrite],
      })
      sendVoiceState(member, guild, silenced.id)
      expectIncludes(
        await member.nextEvent('VOICE_STATE_UPDATE', (d) => d.channel_id === silenced.id),
        { suppress: true },
        'the state',
      )
      const [later] = (await guild.owner.connect()).received('GUILD_CREATE')[0]!.voice_states
      expectIncludes(
        later!,
        { channel_id: silenced.id, suppress: true },
        'the voice state of a member without SPEAK',
      )
    },
  },
  {
    id: 'gateway.voice.disconnect',
    title:
      'A member leaves the voice channel when their connection ends, they are removed or the ' +
      'channel is deleted',
    covers: ['gateway.events.voice'],
    async run(fixture) {
      const guild = await fixture.guild()
      const [cy, dan] = [await guild.newMember('cy'), await guild.newMember('dan')]
      const second = await guild.createChannel({ name: 'second', type: 2 })
      const owner = await guild.owner.connect()
      const sockets = [await guild.member.connect(), await cy.connect(), await dan.connect()]
      for (const [i, channel] of [
        guild.voiceChannelId,
        guild.voiceChannelId,
        second.id,
      ].entries()) {
        sendVoiceState(sockets[i]!, guild, channel)
        await owner.nextEvent('VOICE_STATE_UPDATE', (d) => d.channel_id === channel)
      }
      sockets[0]!.close(1_000)
      await owner.nextEvent(
        'VOICE_STATE_UPDATE',
        (d) => d.user_id === guild.member.id && d.channel_id === null,
      )
      await guild.owner.api.delete(`/guilds/${guild.id}/members/${cy.id}`)
      await owner.nextEvent(
        'VOICE_STATE_UPDATE',
        (d) => d.user_id === cy.id && d.channel_id === null,
      )
      await guild.owner.api.delete(`/channels/${second.id}`)
      await owner.nextEvent(
        'VOICE_STATE_UPDATE',
        (d) => d.user_id === dan.id && d.channel_id === null,
      )
    },
  },
]
