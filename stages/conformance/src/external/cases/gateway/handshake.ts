import { Op } from '@threshold/contract'
import { type Case, NotRunnable } from '../../case.ts'
import { expectEqual, expectIncludes, expectTrue } from '../../expect.ts'
import { ALL_INTENTS, identify } from '../../test-user.ts'

export const handshakeCases: readonly Case[] = [
  {
    id: 'gateway.public-url',
    title:
      'A configured public URL decides the scheme and host in `/gateway`, `/gateway/bot` and ' +
      'READY, whatever the request’s headers say',
    covers: ['gateway.public-url'],
    async run(fixture) {
      const { baseUrl, gatewayUrl, socketUrl } = fixture.published
      const ada = await fixture.user('ada', baseUrl)
      const headers = { 'x-forwarded-proto': 'http', 'x-forwarded-host': 'evil.example' }
      for (const path of ['/gateway', '/gateway/bot']) {
        const { body } = await ada.api.request('GET', path, undefined, { headers })
        expectIncludes(body, { url: gatewayUrl }, path)
      }
      const socket = await fixture.openSocket({ url: socketUrl })
      await socket.nextFrame(10)
      expectEqual(
        (await identify(socket, ada.token)).resume_gateway_url,
        gatewayUrl,
        'READY’s resume_gateway_url',
      )
    },
  },
  {
    id: 'gateway.hello',
    title: 'The first frame is HELLO with a `heartbeat_interval` in milliseconds',
    covers: ['intro.subset', 'gateway.opcodes', 'gateway.hello'],
    async run(fixture) {
      const socket = await fixture.openSocket()
      await socket.nextFrame(Op.Hello)
      const [hello] = socket.frames
      expectEqual([hello!.op, hello!.s, hello!.t], [Op.Hello, null, null], 'the first frame')
      const { heartbeat_interval } = hello!.d as { heartbeat_interval: number }
      expectTrue(
        Number.isInteger(heartbeat_interval) && heartbeat_interval > 0,
        'an interval',
        heartbeat_interval,
      )
      if (fixture.target.heartbeatMs !== undefined)
        expectEqual(heartbeat_interval, fixture.target.heartbeatMs, 'the configured interval')
    },
  },
  {
    id: 'gateway.heartbeat.before-identify',
    title: 'A heartbeat before IDENTIFY is acknowledged',
    covers: ['bites.identify'],
    async run(fixture) {
      const socket = await fixture.openSocket({ heartbeat: false })
      await socket.nextFrame(Op.Hello)
      socket.send(Op.Heartbeat, null)
      await socket.nextFrame(Op.HeartbeatAck)
      await identify(socket, (await fixture.user()).token)
    },
  },
  {
    id: 'gateway.heartbeat.ack',
    title: 'Each heartbeat (op 1) is acknowledged (op 11), whatever sequence number it carries',
    covers: ['gateway.opcodes', 'gateway.hello'],
    async run(fixture) {
      const ada = await fixture.user()
      const socket = await ada.connect({ heartbeat: false })
      for (const d of [socket.sequence, null, 0]) {
        socket.send(Op.Heartbeat, d)
        await socket.nextFrame(Op.HeartbeatAck)
      }
    },
  },
  {
    id: 'gateway.heartbeat.keeps-alive',
    title: 'A client that only sends heartbeats stays connected',
    covers: ['gateway.hello'],
    async run(fixture) {
      const socket = await (await fixture.user()).connect()
      const interval = intervalOf(socket.frames[0]!.d)
      if (interval > 10_000)
        throw new NotRunnable(`a heartbeat interval of ${interval} ms is too long to wait for`)
      await socket.waitFor(
        'four acknowledgements',
        () => socket.frames.filter((f) => f.op === Op.HeartbeatAck).length >= 4,
        interval * 6,
      )
      expectTrue(socket.isOpen, 'the socket is open')
    },
  },
  {
    id: 'gateway.identify.bot-prefix',
    title: 'The token in IDENTIFY may begin with `Bot `',
    covers: ['bites.identify'],
    async run(fixture) {
      const ada = await fixture.user()
      const socket = await fixture.openSocket()
      await socket.nextFrame(Op.Hello)
      expectEqual(
        (await identify(socket, `Bot ${ada.token}`)).user.id,
        ada.id,
        'the user of the session',
      )
    },
  },
  {
    id: 'gateway.identify.query',
    title: 'The gateway’s address works with and without a slash before `?v=10&encoding=json`',
    covers: ['intro.silence', 'gateway.address'],
    async run(fixture) {
      const ada = await fixture.user()
      const { url } = await fixture.anonymous.get<{ url: string }>('/gateway')
      for (const address of [`${url}/?encoding=json&v=10`, `${url}?v=10&encoding=json`]) {
        const socket = await fixture.openSocket({ exactUrl: address })
        await socket.nextFrame(Op.Hello)
        await identify(socket, ada.token)
      }
    },
  },
  {
    id: 'gateway.identify.shard',
    title:
      'A session with `shard: [id, count]` gets its share of the guilds, and all shards ' +
      'together get every guild',
    covers: ['intro.silence'],
    async run(fixture) {
      const ada = await fixture.user()
      for (let i = 0; i < 4; i++) await ada.api.post('/guilds', { name: `guild ${i}` })
      const guilds = (await ada.api.get<{ id: string }[]>('/users/@me/guilds')).map(
        (each) => each.id,
      )
      for (const shard of [0, 1]) {
        const { ready } = await ada.login({ identify: { shard: [shard, 2] } })
        expectEqual(ready.shard, [shard, 2], 'the shard in READY')
        const expected = guilds.filter((each) => Number((BigInt(each) >> 22n) % 2n) === shard)
        expectEqual(
          ready.guilds.map((each) => each.id).toSorted(),
          expected.toSorted(),
          `the guilds of shard ${shard}`,
        )
      }
    },
  },
  {
    id: 'gateway.identify.many',
    title: 'Twenty clients that identify at the same moment are all served',
    covers: ['gateway.ready'],
    async run(fixture) {
      const guild = await fixture.guild()
      const sockets = await Promise.all(
        Array.from({ length: 20 }, () => guild.member.connect({ intents: ALL_INTENTS })),
      )
      await guild.awaitDelivery(...sockets)
    },
  },
]

export const intervalOf = (hello: unknown): number =>
  (hello as { heartbeat_interval: number }).heartbeat_interval
