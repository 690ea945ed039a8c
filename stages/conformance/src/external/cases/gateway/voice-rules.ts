import { Permission } from '@threshold/contract'
import { NO_PERMISSION, NOT_IN_VOICE } from '../../api-client.ts'
import type { Case } from '../../case.ts'
import { expectEqual, expectIncludes, expectTrue } from '../../expect.ts'
import { UNKNOWN_ID } from '../../snowflakes.ts'
import type { Socket } from '../../socket.ts'
import { sendVoiceState } from './voice-state.ts'

export const voiceRuleCases: readonly Case[] = [
  {
    id: 'gateway.voice.withdrawn',
    title: 'A voice token is refused if its member lost CONNECT after it was issued',
    covers: ['gateway.events.voice'],
    async run(fixture) {
      const guild = await fixture.guild()
      const { socket: member, ready } = await guild.member.login()
      const connectVoice = async (): Promise<Socket> => {
        sendVoiceState(member, guild, guild.voiceChannelId)
        const { token, endpoint } = await member.nextEvent('VOICE_SERVER_UPDATE')
        if (denied)
          await guild.setOverwrite(guild.voiceChannelId, guild.id, 0, { deny: Permission.Connect })
        const voice = await fixture.openSocket({
          exactUrl: `ws://${endpoint}/?v=8`,
          heartbeat: false,
          label: 'bob’s voice',
        })
        await voice.nextFrame(8)
        voice.send(0, {
          server_id: guild.id,
          user_id: guild.member.id,
          session_id: ready.session_id,
          token,
        })
        return voice
      }
      let denied = false
      const allowed = await connectVoice()
      await allowed.nextFrame(2)
      denied = true
      const voice = await connectVoice()
      await voice.waitForClose()
      expectEqual(
        voice.frames.filter((frame) => frame.op === 2).length,
        0,
        'the number of accepted voice connections',
      )
    },
  },
  {
    id: 'gateway.voice.refused',
    title:
      'Op 4 is ignored for a channel without CONNECT, a text channel, an unknown channel and ' +
      'a non-member’s guild',
    covers: ['gateway.events.voice'],
    async run(fixture) {
      const guild = await fixture.guild()
      const eve = await fixture.user('eve')
      const hidden = await guild.createHiddenChannel({ type: 2 })
      const locked = await guild.createChannel({ type: 2 })
      await guild.setOverwrite(locked.id, guild.id, 0, { deny: Permission.Connect })
      const [owner, member, outsider] = [
        await guild.owner.connect(),
        await guild.member.connect(),
        await eve.connect(),
      ]
      for (const channel of [hidden.id, locked.id, guild.textChannelId, UNKNOWN_ID])
        sendVoiceState(member, guild, channel)
      sendVoiceState(outsider, guild, guild.voiceChannelId)
      sendVoiceState(member, guild, guild.voiceChannelId)
      const first = await owner.nextEvent('VOICE_STATE_UPDATE')
      expectIncludes(
        first,
        { user_id: guild.member.id, channel_id: guild.voiceChannelId },
        'the first voice state event',
      )
      await member.nextEvent('VOICE_SERVER_UPDATE')
      await guild.awaitDelivery(owner, member)
      expectEqual(owner.received('VOICE_STATE_UPDATE').length, 1, 'the number of events')
      expectEqual(
        member.received('VOICE_SERVER_UPDATE').length,
        1,
        'the number of VOICE_SERVER_UPDATE events',
      )
      expectTrue(outsider.isOpen && member.isOpen, 'the sockets are open')
    },
  },
  {
    id: 'gateway.voice.user-limit',
    title: 'Only a user who may move members can join a full voice channel',
    covers: ['gateway.events.voice'],
    async run(fixture) {
      const guild = await fixture.guild()
      const cy = await guild.newMember('cy')
      const small = await guild.createChannel({ type: 2, user_limit: 1 })
      const [owner, member, late] = [
        await guild.owner.connect(),
        await guild.member.connect(),
        await cy.connect(),
      ]
      sendVoiceState(member, guild, small.id)
      await owner.nextEvent('VOICE_STATE_UPDATE', (d) => d.channel_id === small.id)
      sendVoiceState(late, guild, small.id)
      sendVoiceState(late, guild, guild.voiceChannelId)
      expectIncludes(
        await owner.nextEvent('VOICE_STATE_UPDATE'),
        { user_id: cy.id, channel_id: guild.voiceChannelId },
        'the second member’s voice channel',
      )
      sendVoiceState(owner, guild, small.id)
      expectIncludes(
        await owner.nextEvent('VOICE_STATE_UPDATE'),
        { user_id: guild.owner.id, channel_id: small.id },
        'the owner’s voice channel',
      )
    },
  },
  {
    id: 'gateway.voice.server-mute',
    title: 'A mute or deafen by a moderator causes VOICE_STATE_UPDATE',
    covers: ['intro.silence', 'gateway.events.voice'],
    async run(fixture) {
      const guild = await fixture.guild()
      const [owner, member] = [await guild.owner.connect(), await guild.member.connect()]
      sendVoiceState(member, guild, guild.voiceChannelId)
      await owner.nextEvent('VOICE_STATE_UPDATE')
      for (const change of [{ mute: true }, { deaf: true }, { mute: false, deaf: false }]) {
        expectIncludes(
          await guild.owner.api.patch(`/guilds/${guild.id}/members/${guild.member.id}`, change),
          change,
          'the member',
        )
        expectIncludes(
          await owner.nextEvent('VOICE_STATE_UPDATE'),
          { user_id: guild.member.id, channel_id: guild.voiceChannelId, ...change },
          'the state',
        )
      }
      const path = `/guilds/${guild.id}/members/${guild.owner.id}`
      await guild.member.api.expectError(NO_PERMISSION, 'PATCH', path, { mute: true })
      // Discord documents that a member outside a voice channel cannot be muted.
      await guild.owner.api.expectError(NOT_IN_VOICE, 'PATCH', path, { mute: true })
    },
  },
]
