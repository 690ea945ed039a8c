import { Op } from '@threshold/contract'
import type { Case } from '../../case.ts'
import {
  expectEqual,
  expectFields,
  expectIncludes,
  expectSnowflake,
  expectTrue,
} from '../../expect.ts'

export const readyCases: readonly Case[] = [
  {
    id: 'gateway.ready',
    title: 'READY is the first dispatch, has s=1 and every field that clients need',
    covers: ['gateway.opcodes', 'gateway.ready', 'bites.fields'],
    async run(fixture) {
      const guild = await fixture.guild()
      const { socket, ready } = await guild.member.login()
      const dispatches = socket.frames.filter((frame) => frame.op === Op.Dispatch)
      expectEqual([dispatches[0]!.t, dispatches[0]!.s], ['READY', 1], 'the first dispatch')
      expectFields(
        ready,
        [
          'v',
          'user',
          'guilds',
          'session_id',
          'resume_gateway_url',
          'application',
          'private_channels',
        ],
        'READY',
      )
      expectEqual(ready.v, 10, 'v')
      expectIncludes(
        ready.user,
        { id: guild.member.id, username: guild.member.username },
        'its user',
      )
      expectEqual(ready.guilds, [{ id: guild.id, unavailable: true }], 'its guilds')
      expectTrue(
        typeof ready.session_id === 'string' && ready.session_id.length > 0,
        'a session id',
        ready.session_id,
      )
      expectTrue(
        /^wss?:\/\//.test(ready.resume_gateway_url),
        'an address to resume at',
        ready.resume_gateway_url,
      )
      expectSnowflake(ready.application.id, 'application.id')
      expectTrue(
        Number.isInteger(ready.application.flags),
        'application.flags is an integer',
        ready.application,
      )
      expectEqual(ready.private_channels, [], 'its direct messages')
    },
  },
  {
    id: 'gateway.ready.sessions',
    title: 'Each IDENTIFY starts a session of its own, and a user may have several at once',
    covers: ['gateway.ready'],
    async run(fixture) {
      const guild = await fixture.guild()
      const [one, two] = [await guild.member.login(), await guild.member.login()]
      expectTrue(one.ready.session_id !== two.ready.session_id, 'session ids differ')
      await guild.awaitDelivery(one.socket, two.socket)
    },
  },
  {
    id: 'gateway.ready.private-channels',
    title: 'READY lists the user’s direct messages with their recipients',
    covers: ['gateway.ready'],
    async run(fixture) {
      const [ada, bob] = [await fixture.user(), await fixture.user('bob')]
      const dm = await ada.api.post<{ id: string }>('/users/@me/channels', { recipient_id: bob.id })
      const { ready } = await bob.login()
      const [channel, ...others] = ready.private_channels as readonly {
        id: string
        type: number
        recipients: { id: string }[]
      }[]
      expectEqual(others, [], 'other channels')
      expectIncludes(channel, { id: dm.id, type: 1 }, 'the channel')
      expectEqual(
        channel!.recipients.map((user) => user.id),
        [ada.id],
        'its recipients',
      )
    },
  },
  {
    id: 'gateway.ready.newcomer',
    title:
      'A user without guilds gets READY with none, and later receives the GUILD_CREATE of ' +
      'their first guild',
    covers: ['gateway.ready'],
    async run(fixture) {
      const ada = await fixture.user()
      const { socket, ready } = await ada.login()
      expectEqual(ready.guilds, [], 'guilds')
      const { id } = await ada.api.post<{ id: string }>('/guilds', { name: 'first' })
      expectIncludes(await socket.nextEvent('GUILD_CREATE'), { id, name: 'first' }, 'the guild')
    },
  },
  {
    id: 'gateway.ready.resume-url',
    title: '`resume_gateway_url` is the address of a gateway',
    covers: ['gateway.ready'],
    async run(fixture) {
      const { ready } = await (await fixture.user()).login()
      const socket = await fixture.openSocket({ url: ready.resume_gateway_url })
      await socket.nextFrame(Op.Hello)
    },
  },
]
