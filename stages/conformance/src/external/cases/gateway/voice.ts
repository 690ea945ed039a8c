import { Op, Permission } from '@threshold/contract'
import { NO_PERMISSION, NOT_IN_VOICE } from '../../api-client.ts'
import type { Case } from '../../case.ts'
import { expectEqual, expectIncludes, expectTrue } from '../../expect.ts'
import type { Socket } from '../../socket.ts'
import type { TestGuild } from '../../test-guild.ts'

const move = (
  socket: Socket,
  guild: TestGuild,
  channel_id: string | null,
  more: object = {},
): void =>
  socket.send(Op.VoiceStateUpdate, {
    guild_id: guild.id,
    channel_id,
    self_mute: false,
    self_deaf: false,
    ...more,
  })

export const voiceCases: readonly Case[] = [
  {
    id: 'gateway.voice.join',
    title:
      'Op 4 joins a voice channel: everybody hears VOICE_STATE_UPDATE, and who joined VOICE_SERVER_UPDATE',
    async run(fixture) {
      const guild = await fixture.guild()
      const owner = await guild.owner.connect()
      const { socket: member, ready } = await guild.member.login()
      move(member, guild, guild.voiceId, { self_mute: true })
      for (const socket of [owner, member]) {
        const event = await socket.nextEvent('VOICE_STATE_UPDATE')
        expectIncludes(
          event,
          {
            guild_id: guild.id,
            channel_id: guild.voiceId,
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
      for (const [actor, who] of [
        [guild.member, '@me'],
        [guild.owner, guild.member.id],
      ] as const) {
        const state = await actor.api.get(`/guilds/${guild.id}/voice-states/${who}`)
        expectIncludes(
          state,
          { channel_id: guild.voiceId, user_id: guild.member.id, self_mute: true },
          `GET voice-states/${who}`,
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
        'what others are told of the voice server',
      )
    },
  },
  {
    id: 'gateway.voice.move',
    title:
      'A member moves between channels, mutes and deafens themselves, and leaves with `channel_id` null',
    async run(fixture) {
      const guild = await fixture.guild()
      const second = await guild.createChannel({ name: 'second', type: 2 })
      const [owner, member] = [await guild.owner.connect(), await guild.member.connect()]
      const changes = [
        [guild.voiceId, {}],
        [second.id, {}],
        [second.id, { self_deaf: true }],
        [null, {}],
      ] as const
      for (const [channel, more] of changes) {
        move(member, guild, channel, more)
        const event = await owner.nextEvent('VOICE_STATE_UPDATE')
        expectIncludes(event, { user_id: guild.member.id, channel_id: channel }, 'the state')
        if (channel !== null)
          expectEqual(event.self_deaf, 'self_deaf' in more, 'whether they are deaf')
      }
      await guild.awaitDelivery(member)
      // A new token would make a client leave the call and enter it again, each time it mutes.
      expectEqual(
        member.received('VOICE_SERVER_UPDATE').length,
        2,
        'how often a voice server was named: for the channels, not for the deafness',
      )
    },
  },
  {
    id: 'gateway.voice.withdrawn',
    title: 'A voice token is refused when its member lost CONNECT after it was given',
    async run(fixture) {
      const guild = await fixture.guild()
      const { socket: member, ready } = await guild.member.login()
      const enter = async (): Promise<Socket> => {
        move(member, guild, guild.voiceId)
        const { token, endpoint } = await member.nextEvent('VOICE_SERVER_UPDATE')
        if (refuses)
          await guild.setOverwrite(guild.voiceId, guild.id, 0, { deny: Permission.Connect })
        const voice = await fixture.openSocket({
          exactUrl: `ws://${endpoint}/?v=8`,
          heartbeat: false,
          who: 'bob’s voice',
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
      let refuses = false
      const allowed = await enter()
      await allowed.nextFrame(2)
      refuses = true
      const voice = await enter()
      await voice.waitForClose()
      expectEqual(
        voice.frames.filter((frame) => frame.op === 2).length,
        0,
        'how often it was let in',
      )
    },
  },
  {
    id: 'gateway.voice.states',
    title: 'GUILD_CREATE says who is in which voice channel, and who may not speak there',
    async run(fixture) {
      const guild = await fixture.guild()
      const member = await guild.member.connect()
      move(member, guild, guild.voiceId)
      await member.nextEvent('VOICE_STATE_UPDATE')
      const states = (await guild.owner.connect()).received('GUILD_CREATE')[0]!.voice_states
      expectEqual(
        states.map((each) => [each.user_id, each.channel_id, each.suppress]),
        [[guild.member.id, guild.voiceId, false]],
        'the voice states',
      )
      const overwrite = {
        id: guild.member.id,
        type: 1,
        allow: '0',
        deny: Permission.Speak.toString(),
      }
      const hushed = await guild.createChannel({
        name: 'hushed',
        type: 2,
        permission_overwrites: [overwrite],
      })
      move(member, guild, hushed.id)
      expectIncludes(
        await member.nextEvent('VOICE_STATE_UPDATE', (d) => d.channel_id === hushed.id),
        { suppress: true },
        'the state',
      )
      const [later] = (await guild.owner.connect()).received('GUILD_CREATE')[0]!.voice_states
      expectIncludes(
        later!,
        { channel_id: hushed.id, suppress: true },
        'the voice state of who may not speak',
      )
    },
  },
  {
    id: 'gateway.voice.disconnect',
    title:
      'Whose gateway connection ends leaves the voice channel; so does who is removed, or whose channel is deleted',
    async run(fixture) {
      const guild = await fixture.guild()
      const [cy, dan] = [await guild.newMember('cy'), await guild.newMember('dan')]
      const second = await guild.createChannel({ name: 'second', type: 2 })
      const owner = await guild.owner.connect()
      const sockets = [await guild.member.connect(), await cy.connect(), await dan.connect()]
      for (const [i, channel] of [guild.voiceId, guild.voiceId, second.id].entries()) {
        move(sockets[i]!, guild, channel)
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
  {
    id: 'gateway.voice.refused',
    title:
      'Nobody joins where they may not connect, what is no voice channel, or a guild that is not theirs',
    async run(fixture) {
      const guild = await fixture.guild()
      const eve = await fixture.user('eve')
      const hidden = await guild.createHiddenChannel({ type: 2 })
      const locked = await guild.createChannel({ type: 2 })
      await guild.setOverwrite(locked.id, guild.id, 0, { deny: Permission.Connect })
      const [owner, member, outside] = [
        await guild.owner.connect(),
        await guild.member.connect(),
        await eve.connect(),
      ]
      for (const channel of [hidden.id, locked.id, guild.textId, '1000000000000000'])
        move(member, guild, channel)
      move(outside, guild, guild.voiceId)
      move(member, guild, guild.voiceId)
      const first = await owner.nextEvent('VOICE_STATE_UPDATE')
      expectIncludes(
        first,
        { user_id: guild.member.id, channel_id: guild.voiceId },
        'the first state that anybody hears of',
      )
      await member.nextEvent('VOICE_SERVER_UPDATE')
      await guild.awaitDelivery(owner, member)
      expectEqual(owner.received('VOICE_STATE_UPDATE').length, 1, 'how many there were')
      expectEqual(
        member.received('VOICE_SERVER_UPDATE').length,
        1,
        'how often a voice server was named',
      )
      expectTrue(outside.isOpen && member.isOpen, 'the sockets are open')
    },
  },
  {
    id: 'gateway.voice.user-limit',
    title: 'A full voice channel takes nobody more but who may move members',
    async run(fixture) {
      const guild = await fixture.guild()
      const cy = await guild.newMember('cy')
      const small = await guild.createChannel({ type: 2, user_limit: 1 })
      const [owner, member, late] = [
        await guild.owner.connect(),
        await guild.member.connect(),
        await cy.connect(),
      ]
      move(member, guild, small.id)
      await owner.nextEvent('VOICE_STATE_UPDATE', (d) => d.channel_id === small.id)
      move(late, guild, small.id)
      move(late, guild, guild.voiceId)
      expectIncludes(
        await owner.nextEvent('VOICE_STATE_UPDATE'),
        { user_id: cy.id, channel_id: guild.voiceId },
        'where the late one is',
      )
      move(owner, guild, small.id)
      expectIncludes(
        await owner.nextEvent('VOICE_STATE_UPDATE'),
        { user_id: guild.owner.id, channel_id: small.id },
        'where the owner is',
      )
    },
  },
  {
    id: 'gateway.voice.server-mute',
    title: 'Who is muted or deafened by others is told to all as a voice state',
    async run(fixture) {
      const guild = await fixture.guild()
      const [owner, member] = [await guild.owner.connect(), await guild.member.connect()]
      move(member, guild, guild.voiceId)
      await owner.nextEvent('VOICE_STATE_UPDATE')
      for (const change of [{ mute: true }, { deaf: true }, { mute: false, deaf: false }]) {
        expectIncludes(
          await guild.owner.api.patch(`/guilds/${guild.id}/members/${guild.member.id}`, change),
          change,
          'the member',
        )
        expectIncludes(
          await owner.nextEvent('VOICE_STATE_UPDATE'),
          { user_id: guild.member.id, channel_id: guild.voiceId, ...change },
          'the state',
        )
      }
      const path = `/guilds/${guild.id}/members/${guild.owner.id}`
      await guild.member.api.expectError(NO_PERMISSION, 'PATCH', path, { mute: true })
      // Nobody can be muted who is in no call, as Discord documents.
      await guild.owner.api.expectError(NOT_IN_VOICE, 'PATCH', path, { mute: true })
    },
  },
]
