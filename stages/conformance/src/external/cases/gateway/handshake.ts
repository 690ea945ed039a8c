import { Op } from '@threshold/contract'
import { type Case, NotRunnable } from '../../case.ts'
import {
  expectEqual,
  expectFields,
  expectIncludes,
  expectSnowflake,
  expectTrue,
} from '../../expect.ts'
import { ALL_INTENTS, identify } from '../../test-user.ts'

export const handshakeCases: readonly Case[] = [
  {
    id: 'gateway.public-url',
    title:
      'A configured public URL decides scheme and host in `/gateway`, `/gateway/bot` and READY, whatever the request says',
    async run(fixture) {
      const { baseUrl, gatewayUrl } = fixture.published
      const ada = await fixture.user('ada', baseUrl)
      const headers = { 'x-forwarded-proto': 'http', 'x-forwarded-host': 'evil.example' }
      for (const path of ['/gateway', '/gateway/bot']) {
        const { body } = await ada.api.request('GET', path, undefined, { headers })
        expectIncludes(body, { url: gatewayUrl }, path)
      }
      const socket = await fixture.openSocket({ url: baseUrl.replace(/^http/, 'ws') })
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
        expectEqual(
          heartbeat_interval,
          fixture.target.heartbeatMs,
          'the interval it is configured with',
        )
    },
  },
  {
    id: 'gateway.heartbeat.before-identify',
    title: 'A heartbeat is acknowledged before IDENTIFY, too',
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
    title: 'Each heartbeat (op 1) is acknowledged (op 11), whatever sequence number it names',
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
    title: 'A client that heartbeats and does nothing else stays connected',
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
    id: 'gateway.ready',
    title: 'READY is the first dispatch, s=1, with all that clients need to begin',
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
    title: 'Each IDENTIFY begins a session of its own, and sessions of one user live side by side',
    async run(fixture) {
      const guild = await fixture.guild()
      const [one, two] = [await guild.member.login(), await guild.member.login()]
      expectTrue(one.ready.session_id !== two.ready.session_id, 'session ids differ')
      await guild.awaitDelivery(one.socket, two.socket)
    },
  },
  {
    id: 'gateway.ready.private-channels',
    title: 'READY names the direct messages of its user, with whom they are',
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
    title: 'A user without guilds gets READY with none, and hears of the first one when it comes',
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
    title: '`resume_gateway_url` leads to a gateway',
    async run(fixture) {
      const { ready } = await (await fixture.user()).login()
      const socket = await fixture.openSocket({ url: ready.resume_gateway_url })
      await socket.nextFrame(Op.Hello)
    },
  },
  {
    id: 'gateway.identify.bot-prefix',
    title: 'The token of IDENTIFY may carry `Bot `',
    async run(fixture) {
      const ada = await fixture.user()
      const socket = await fixture.openSocket()
      await socket.nextFrame(Op.Hello)
      expectEqual(
        (await identify(socket, `Bot ${ada.token}`)).user.id,
        ada.id,
        'whose session it is',
      )
    },
  },
  {
    id: 'gateway.identify.query',
    title: 'The address may end with or without a slash before `?v=10&encoding=json`',
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
      'A session with `shard: [id, count]` has its share of the guilds, and the shards together have all',
    async run(fixture) {
      const ada = await fixture.user()
      for (let i = 0; i < 4; i++) await ada.api.post('/guilds', { name: `guild ${i}` })
      const guilds = (await ada.api.get<{ id: string }[]>('/users/@me/guilds')).map(
        (each) => each.id,
      )
      for (const shard of [0, 1]) {
        const { ready } = await ada.login({ identify: { shard: [shard, 2] } })
        expectEqual(ready.shard, [shard, 2], 'the shard, told back')
        const mine = guilds.filter((each) => Number((BigInt(each) >> 22n) % 2n) === shard)
        expectEqual(
          ready.guilds.map((each) => each.id).toSorted(),
          mine.toSorted(),
          `the guilds of shard ${shard}`,
        )
      }
    },
  },
  {
    id: 'gateway.identify.many',
    title: 'Many clients that identify at the same moment are all served',
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
