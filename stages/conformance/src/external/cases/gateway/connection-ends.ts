import { CloseCode, Op } from '@threshold/contract'
import { type Case, NotRunnable } from '../../case.ts'
import { expectEqual, expectTrue } from '../../expect.ts'
import { identify } from '../../test-user.ts'
import { intervalOf } from './handshake.ts'

/**
 * How connections end: floods, silence, a refused encoding, the client's own close. An invalid
 * frame ends only its own connection.
 */
export const connectionEndCases: readonly Case[] = [
  {
    id: 'gateway.close.4008',
    title: 'A client that floods the gateway is closed with 4008; twenty frames are allowed',
    covers: ['gateway.close.4008'],
    async run(fixture) {
      const guild = await fixture.guild()
      const socket = await guild.member.connect()
      const send = (): void =>
        socket.send(Op.PresenceUpdate, { status: 'idle', activities: [], since: null, afk: false })
      for (let i = 0; i < 20; i++) send()
      await guild.awaitDelivery(socket)
      expectTrue(socket.isOpen, 'after twenty frames the socket is open')
      // Far more than Discord's 120 a minute. A stage may allow more, but not without a limit.
      for (let i = 0; i < 40 && socket.isOpen; i++) {
        for (let j = 0; j < 150; j++) send()
        // Wait for the stage. If the client still sends when the stage closes, TCP may reset the
        // connection and drop the close frame.
        socket.send(Op.Heartbeat, null)
        await socket.nextFrame(Op.HeartbeatAck).catch(() => {})
      }
      expectEqual((await socket.waitForClose()).code, CloseCode.RateLimited, 'the close code')
      await guild.awaitDelivery(await guild.member.connect())
    },
  },
  {
    id: 'gateway.close.4008.control',
    title: 'Pings, unsolicited pongs and fragments count as frames, before IDENTIFY too',
    covers: ['gateway.close.4008'],
    async run(fixture) {
      for (const kind of ['ping', 'pong', 'fragment'] as const) {
        const socket = await fixture.openSocket()
        await socket.nextFrame(Op.Hello)
        for (let i = 0; i < 400 && socket.isOpen; i++) socket.sendControlFrame(kind)
        expectEqual(
          (await socket.waitForClose()).code,
          CloseCode.RateLimited,
          `the close code of a flood of ${kind}s`,
        )
      }
    },
  },
  {
    id: 'gateway.close.4009',
    title: 'A client that stops sending heartbeats is closed with 4009',
    covers: ['gateway.close.4009', 'gateway.silence'],
    async run(fixture) {
      const socket = await (await fixture.user()).connect({ heartbeat: false })
      const interval = intervalOf(socket.frames[0]!.d)
      if (interval > 10_000)
        throw new NotRunnable(`a heartbeat interval of ${interval} ms is too long to wait for`)
      const began = performance.now()
      expectEqual(
        (await socket.waitForClose(interval * 4)).code,
        CloseCode.SessionTimedOut,
        'the close code',
      )
      expectTrue(
        performance.now() - began > interval * 0.9,
        'the connection stays open for a whole interval',
      )
    },
  },
  {
    id: 'gateway.close.silent-stranger',
    title: 'A client that connects and sends nothing is closed',
    covers: ['gateway.silence'],
    async run(fixture) {
      const socket = await fixture.openSocket({ heartbeat: false })
      await socket.nextFrame(Op.Hello)
      const interval = intervalOf(socket.frames[0]!.d)
      if (interval > 10_000)
        throw new NotRunnable(`a heartbeat interval of ${interval} ms is too long to wait for`)
      expectTrue(
        (await socket.waitForClose(interval * 4)).code >= 4_000,
        'the close code is at least 4000',
      )
    },
  },
  {
    id: 'gateway.close.encoding',
    title: 'An encoding other than JSON is refused with a close code before any frame is sent',
    covers: ['intro.silence', 'gateway.address'],
    async run(fixture) {
      const socket = await fixture.openSocket({ query: '?v=10&encoding=etf' })
      const { code } = await socket.waitForClose()
      expectTrue(code >= 4_000 && code < 5_000, 'a close code from 4000 to 4999', code)
      expectEqual(socket.frames, [], 'the frames')
    },
  },
  {
    id: 'gateway.close.alone',
    title: 'An invalid frame closes only the socket that sent it',
    covers: ['gateway.close.4002'],
    async run(fixture) {
      const guild = await fixture.guild()
      const [good, bad] = [await guild.owner.connect(), await guild.member.connect()]
      bad.sendRaw('{')
      expectEqual((await bad.waitForClose()).code, CloseCode.DecodeError, 'the close code')
      await guild.awaitDelivery(good)
    },
  },
  {
    id: 'gateway.close.afresh',
    title: 'A client can connect and identify again after any close',
    covers: ['bites.closes'],
    async run(fixture) {
      const guild = await fixture.guild()
      for (const code of [1_000, 1_001, 1_012, 4_000, 4_200, 4_999, undefined]) {
        const socket = await guild.member.connect()
        socket.close(code)
        await socket.waitForClose()
      }
      const cut = await guild.member.connect()
      cut.terminate()
      const next = await fixture.openSocket()
      await next.nextFrame(Op.Hello)
      await identify(next, guild.member.token)
      await guild.awaitDelivery(next)
    },
  },
]
