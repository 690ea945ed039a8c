import { Op } from '@threshold/contract'
import { ALL_INTENTS, identify } from '../../actor.ts'
import { type Case, NotTried } from '../../case.ts'
import { hasFields, holds, id, includes, same } from '../../expect.ts'

export const handshakeCases: readonly Case[] = [
  {
    id: 'gateway.public-url',
    sentence:
      'A configured public URL decides scheme and host in `/gateway`, `/gateway/bot` and READY, whatever the request says',
    async run(world) {
      const { baseUrl, gatewayUrl } = world.published
      const ada = await world.user('ada', baseUrl)
      const headers = { 'x-forwarded-proto': 'http', 'x-forwarded-host': 'evil.example' }
      for (const path of ['/gateway', '/gateway/bot']) {
        const { body } = await ada.api.call('GET', path, undefined, { headers })
        includes(body, { url: gatewayUrl }, path)
      }
      const socket = await world.socket({ url: baseUrl.replace(/^http/, 'ws') })
      await socket.frame(10)
      same(
        (await identify(socket, ada.token)).resume_gateway_url,
        gatewayUrl,
        'READY’s resume_gateway_url',
      )
    },
  },
  {
    id: 'gateway.hello',
    sentence: 'The first frame is HELLO with a `heartbeat_interval` in milliseconds',
    async run(world) {
      const socket = await world.socket()
      await socket.frame(Op.Hello)
      const [hello] = socket.frames
      same([hello!.op, hello!.s, hello!.t], [Op.Hello, null, null], 'the first frame')
      const { heartbeat_interval } = hello!.d as { heartbeat_interval: number }
      holds(
        Number.isInteger(heartbeat_interval) && heartbeat_interval > 0,
        'an interval',
        heartbeat_interval,
      )
      if (world.target.heartbeatMs !== undefined)
        same(heartbeat_interval, world.target.heartbeatMs, 'the interval it is configured with')
    },
  },
  {
    id: 'gateway.heartbeat.before-identify',
    sentence: 'A heartbeat is acknowledged before IDENTIFY, too',
    async run(world) {
      const socket = await world.socket({ heartbeat: false })
      await socket.frame(Op.Hello)
      socket.send(Op.Heartbeat, null)
      await socket.frame(Op.HeartbeatAck)
      await identify(socket, (await world.user()).token)
    },
  },
  {
    id: 'gateway.heartbeat.ack',
    sentence: 'Each heartbeat (op 1) is acknowledged (op 11), whatever sequence number it names',
    async run(world) {
      const ada = await world.user()
      const socket = await ada.connect({ heartbeat: false })
      for (const d of [socket.sequence, null, 0]) {
        socket.send(Op.Heartbeat, d)
        await socket.frame(Op.HeartbeatAck)
      }
    },
  },
  {
    id: 'gateway.heartbeat.keeps-alive',
    sentence: 'A client that heartbeats and does nothing else stays connected',
    async run(world) {
      const socket = await (await world.user()).connect()
      const interval = intervalOf(socket.frames[0]!.d)
      if (interval > 10_000)
        throw new NotTried(`a heartbeat interval of ${interval} ms is too long to wait for`)
      await socket.when(
        'four acknowledgements',
        () => socket.frames.filter((f) => f.op === Op.HeartbeatAck).length >= 4,
        interval * 6,
      )
      holds(socket.isOpen, 'the socket is open')
    },
  },
  {
    id: 'gateway.ready',
    sentence: 'READY is the first dispatch, s=1, with all that clients need to begin',
    async run(world) {
      const guild = await world.guild()
      const { socket, ready } = await guild.member.login()
      const dispatches = socket.frames.filter((frame) => frame.op === Op.Dispatch)
      same([dispatches[0]!.t, dispatches[0]!.s], ['READY', 1], 'the first dispatch')
      hasFields(
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
      same(ready.v, 10, 'v')
      includes(ready.user, { id: guild.member.id, username: guild.member.username }, 'its user')
      same(ready.guilds, [{ id: guild.id, unavailable: true }], 'its guilds')
      holds(
        typeof ready.session_id === 'string' && ready.session_id.length > 0,
        'a session id',
        ready.session_id,
      )
      holds(
        /^wss?:\/\//.test(ready.resume_gateway_url),
        'an address to resume at',
        ready.resume_gateway_url,
      )
      id(ready.application.id, 'application.id')
      holds(
        Number.isInteger(ready.application.flags),
        'application.flags is an integer',
        ready.application,
      )
      same(ready.private_channels, [], 'its direct messages')
    },
  },
  {
    id: 'gateway.ready.sessions',
    sentence:
      'Each IDENTIFY begins a session of its own, and sessions of one user live side by side',
    async run(world) {
      const guild = await world.guild()
      const [one, two] = [await guild.member.login(), await guild.member.login()]
      holds(one.ready.session_id !== two.ready.session_id, 'session ids differ')
      await guild.settle(one.socket, two.socket)
    },
  },
  {
    id: 'gateway.ready.private-channels',
    sentence: 'READY names the direct messages of its user, with whom they are',
    async run(world) {
      const [ada, bob] = [await world.user(), await world.user('bob')]
      const dm = await ada.api.post<{ id: string }>('/users/@me/channels', { recipient_id: bob.id })
      const { ready } = await bob.login()
      const [channel, ...others] = ready.private_channels as readonly {
        id: string
        type: number
        recipients: { id: string }[]
      }[]
      same(others, [], 'other channels')
      includes(channel, { id: dm.id, type: 1 }, 'the channel')
      same(
        channel!.recipients.map((user) => user.id),
        [ada.id],
        'its recipients',
      )
    },
  },
  {
    id: 'gateway.ready.newcomer',
    sentence:
      'A user without guilds gets READY with none, and hears of the first one when it comes',
    async run(world) {
      const ada = await world.user()
      const { socket, ready } = await ada.login()
      same(ready.guilds, [], 'guilds')
      const { id } = await ada.api.post<{ id: string }>('/guilds', { name: 'first' })
      includes(await socket.next('GUILD_CREATE'), { id, name: 'first' }, 'the guild')
    },
  },
  {
    id: 'gateway.ready.resume-url',
    sentence: '`resume_gateway_url` leads to a gateway',
    async run(world) {
      const { ready } = await (await world.user()).login()
      const socket = await world.socket({ url: ready.resume_gateway_url })
      await socket.frame(Op.Hello)
    },
  },
  {
    id: 'gateway.identify.bot-prefix',
    sentence: 'The token of IDENTIFY may carry `Bot `',
    async run(world) {
      const ada = await world.user()
      const socket = await world.socket()
      await socket.frame(Op.Hello)
      same((await identify(socket, `Bot ${ada.token}`)).user.id, ada.id, 'whose session it is')
    },
  },
  {
    id: 'gateway.identify.query',
    sentence: 'The address may end with or without a slash before `?v=10&encoding=json`',
    async run(world) {
      const ada = await world.user()
      const { url } = await world.anonymous.get<{ url: string }>('/gateway')
      for (const address of [`${url}/?encoding=json&v=10`, `${url}?v=10&encoding=json`]) {
        const socket = await world.socket({ exact: address })
        await socket.frame(Op.Hello)
        await identify(socket, ada.token)
      }
    },
  },
  {
    id: 'gateway.identify.shard',
    sentence:
      'A session with `shard: [id, count]` has its share of the guilds, and the shards together have all',
    async run(world) {
      const ada = await world.user()
      for (let i = 0; i < 4; i++) await ada.api.post('/guilds', { name: `guild ${i}` })
      const guilds = (await ada.api.get<{ id: string }[]>('/users/@me/guilds')).map(
        (each) => each.id,
      )
      for (const shard of [0, 1]) {
        const { ready } = await ada.login({ identify: { shard: [shard, 2] } })
        same(ready.shard, [shard, 2], 'the shard, told back')
        const mine = guilds.filter((each) => Number((BigInt(each) >> 22n) % 2n) === shard)
        same(
          ready.guilds.map((each) => each.id).toSorted(),
          mine.toSorted(),
          `the guilds of shard ${shard}`,
        )
      }
    },
  },
  {
    id: 'gateway.identify.many',
    sentence: 'Many clients that identify at the same moment are all served',
    async run(world) {
      const guild = await world.guild()
      const sockets = await Promise.all(
        Array.from({ length: 20 }, () => guild.member.connect({ intents: ALL_INTENTS })),
      )
      await guild.settle(...sockets)
    },
  },
]

export const intervalOf = (hello: unknown): number =>
  (hello as { heartbeat_interval: number }).heartbeat_interval
