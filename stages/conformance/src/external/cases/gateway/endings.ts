import { CloseCode, Op } from '@threshold/contract'
import { identify } from '../../actor.ts'
import { type Case, NotTried } from '../../case.ts'
import { holds, same } from '../../expect.ts'
import { intervalOf } from './handshake.ts'

/** What ends a connection besides a frame that is wrong, and what does not. */
export const endingCases: readonly Case[] = [
  {
    id: 'gateway.close.4008',
    sentence: 'A client that sends without end closes with 4008; the usual amount does not',
    async run(world) {
      const guild = await world.guild()
      const socket = await guild.member.connect()
      const send = (): void =>
        socket.send(Op.PresenceUpdate, { status: 'idle', activities: [], since: null, afk: false })
      for (let i = 0; i < 20; i++) send()
      await guild.settle(socket)
      holds(socket.isOpen, 'after twenty frames the socket is open')
      // Far more than Discord's 120 a minute; a stage may be more generous, but not without bounds.
      for (let i = 0; i < 40 && socket.isOpen; i++) {
        for (let j = 0; j < 150; j++) send()
        // Not ahead of the stage: a close that comes to a client still sending may be lost with the
        // connection.
        socket.send(Op.Heartbeat, null)
        await socket.frame(Op.HeartbeatAck).catch(() => {})
      }
      same((await socket.closed()).code, CloseCode.RateLimited, 'the close code')
      await guild.settle(await guild.member.connect())
    },
  },
  {
    id: 'gateway.close.4008.control',
    sentence: 'Pings, unsolicited pongs and fragments count as frames, before IDENTIFY too',
    async run(world) {
      for (const kind of ['ping', 'pong', 'fragment'] as const) {
        const socket = await world.socket()
        await socket.frame(Op.Hello)
        for (let i = 0; i < 400 && socket.isOpen; i++) socket.control(kind)
        same(
          (await socket.closed()).code,
          CloseCode.RateLimited,
          `the close code of a flood of ${kind}s`,
        )
      }
    },
  },
  {
    id: 'gateway.close.4009',
    sentence: 'A client that goes silent is closed with 4009, once it has missed its heartbeats',
    async run(world) {
      const socket = await (await world.user()).connect({ heartbeat: false })
      const interval = intervalOf(socket.frames[0]!.d)
      if (interval > 10_000)
        throw new NotTried(`a heartbeat interval of ${interval} ms is too long to wait for`)
      const began = performance.now()
      same((await socket.closed(interval * 4)).code, CloseCode.SessionTimedOut, 'the close code')
      holds(performance.now() - began > interval * 0.9, 'a whole interval was granted')
    },
  },
  {
    id: 'gateway.close.silent-stranger',
    sentence: 'A client that connects and says nothing is closed',
    async run(world) {
      const socket = await world.socket({ heartbeat: false })
      await socket.frame(Op.Hello)
      const interval = intervalOf(socket.frames[0]!.d)
      if (interval > 10_000)
        throw new NotTried(`a heartbeat interval of ${interval} ms is too long to wait for`)
      holds((await socket.closed(interval * 4)).code >= 4_000, 'it is told why, by a code')
    },
  },
  {
    id: 'gateway.close.encoding',
    sentence:
      'An encoding other than JSON is refused with a code, before anything is sent in a language nobody asked for',
    async run(world) {
      const socket = await world.socket({ query: '?v=10&encoding=etf' })
      const { code } = await socket.closed()
      holds(code >= 4_000 && code < 5_000, 'a close code of the gateway’s', code)
      same(socket.frames, [], 'what was sent')
    },
  },
  {
    id: 'gateway.close.alone',
    sentence: 'What closes one socket closes no other',
    async run(world) {
      const guild = await world.guild()
      const [good, bad] = [await guild.owner.connect(), await guild.member.connect()]
      bad.sendRaw('{')
      same((await bad.closed()).code, CloseCode.DecodeError, 'the close code')
      await guild.settle(good)
    },
  },
  {
    id: 'gateway.close.afresh',
    sentence: 'After any close a client connects and identifies anew',
    async run(world) {
      const guild = await world.guild()
      for (const code of [1_000, 1_001, 1_012, 4_000, 4_200, 4_999, undefined]) {
        const socket = await guild.member.connect()
        socket.close(code)
        await socket.closed()
      }
      const cut = await guild.member.connect()
      cut.cut()
      const next = await world.socket()
      await next.frame(Op.Hello)
      await identify(next, guild.member.token)
      await guild.settle(next)
    },
  },
]
