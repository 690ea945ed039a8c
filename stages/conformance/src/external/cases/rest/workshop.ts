import { connect } from 'node:net'
import { networkInterfaces } from 'node:os'
import { type Case, NotTried } from '../../case.ts'
import { holds, id, includes, same } from '../../expect.ts'
import { sendHead } from '../../raw-http.ts'
import { invalid, NOT_FOUND } from '../../rest.ts'

const outside = { prefix: '' }

/** Outside Discord's API: how users come to be, and how a stage says that it is well. */
export const workshopCases: readonly Case[] = [
  {
    id: 'workshop.users.create',
    sentence: '`POST /workshop/users` makes a user and gives out its token',
    async run(world) {
      const made = await world.anonymous.ask<{ id: string; token: string }>(
        'POST',
        '/workshop/users',
        { username: 'Ada Lovelace' },
        outside,
      )
      world.journal.hide(made.token)
      id(made.id, 'id')
      includes(
        await world.api('ada', `Bot ${made.token}`).get('/users/@me'),
        { id: made.id, username: 'Ada Lovelace' },
        'the user',
      )
    },
  },
  {
    id: 'workshop.users.namesakes',
    sentence: 'Two users may have one name; they are two users',
    async run(world) {
      const make = (): Promise<{ id: string; token: string }> =>
        world.anonymous.ask('POST', '/workshop/users', { username: 'twin' }, outside)
      const [one, two] = await Promise.all([make(), make()])
      for (const { token } of [one, two]) world.journal.hide(token)
      holds(one.id !== two.id && one.token !== two.token, 'ids and tokens differ')
    },
  },
  {
    id: 'workshop.users.invalid',
    sentence: 'A user without a proper name is refused by the field',
    async run(world) {
      for (const body of [
        {},
        { username: '' },
        { username: 7 },
        { username: { $gt: '' } },
        { username: 'x'.repeat(200) },
      ])
        await world.anonymous.refused(invalid('username'), 'POST', '/workshop/users', body, outside)
    },
  },
  {
    id: 'workshop.users.foreign-page',
    sentence:
      'A page of another site makes no user: not by its origin, not by a name that leads here, not by a body without a type',
    async run(world) {
      const body = JSON.stringify({ username: 'ada' })
      const make = (headers: Record<string, string>) =>
        world.anonymous.call('POST', '/workshop/users', undefined, {
          ...outside,
          raw: body,
          headers,
        })
      same((await make({ origin: 'http://evil.example' })).status, 403, 'by a foreign origin')
      same((await make({ 'content-type': 'text/plain' })).status, 415, 'by a body of another type')
      const line = 'POST /workshop/users HTTP/1.1'
      const json = { 'content-type': 'application/json', 'content-length': String(body.length) }
      same(
        (await sendHead(world.target.baseUrl, line, { ...json, host: 'evil.example' })).status,
        403,
        'by a foreign name',
      )
      same(
        (await sendHead(world.target.baseUrl, line, { 'content-length': '2' })).status,
        415,
        'by a body without a type',
      )
    },
  },
  {
    id: 'workshop.users.off',
    sentence: 'A configuration turns provisioning off; nothing else goes with it',
    async run(world) {
      const stranger = world.api('nobody', undefined, world.closed)
      await stranger.refused(NOT_FOUND, 'POST', '/workshop/users', { username: 'ada' }, outside)
      same((await stranger.call('GET', '/healthz', undefined, outside)).status, 200, '/healthz')
      same((await stranger.call('GET', '/gateway')).status, 200, '/gateway')
    },
  },
  {
    id: 'workshop.healthz',
    sentence: '`GET /healthz` says that the process runs',
    async run(world) {
      same(
        (await world.anonymous.call('GET', '/healthz', undefined, outside)).status,
        200,
        'status',
      )
    },
  },
  {
    id: 'workshop.readyz',
    sentence: '`GET /readyz` says that it can serve',
    async run(world) {
      same((await world.anonymous.call('GET', '/readyz', undefined, outside)).status, 200, 'status')
    },
  },
  {
    id: 'workshop.metrics',
    sentence: '`GET /metrics` is Prometheus’s text format',
    async run(world) {
      const answer = await world.anonymous.call('GET', '/metrics', undefined, outside)
      same(answer.status, 200, 'status')
      holds(
        /^(text\/plain|application\/openmetrics-text)/.test(
          answer.headers.get('content-type') ?? '',
        ),
        'its content type',
        answer.headers.get('content-type'),
      )
      const lines = answer.text.split('\n').filter((line) => line !== '')
      const typed = new Set(
        lines.flatMap(
          (line) =>
            /^# TYPE (\S+) (?:counter|gauge|histogram|summary|untyped)$/.exec(line)?.[1] ?? [],
        ),
      )
      const samples = lines.filter((line) => !line.startsWith('#'))
      holds(samples.length > 0 && typed.size > 0, 'there are metrics with types', lines.slice(0, 5))
      for (const line of samples) {
        const name = SAMPLE.exec(line)?.[1]
        holds(name !== undefined, 'each line is a sample', line)
        holds(
          typed.has(name) || typed.has(name.replace(/_(bucket|sum|count|total)$/, '')),
          'each sample belongs to a typed metric',
          line,
        )
      }
    },
  },
  {
    id: 'workshop.loopback',
    sentence: 'A stage listens on loopback alone unless configured otherwise',
    async run(world) {
      const { hostname, port } = new URL(world.target.baseUrl)
      if (hostname !== '127.0.0.1')
        throw new NotTried(`the stage was configured to be reached at ${hostname}`)
      const others = Object.values(networkInterfaces()).flatMap((list) =>
        (list ?? []).filter((each) => each.family === 'IPv4').map((each) => each.address),
      )
      // 127.0.0.2 is this machine as well: whoever listens on all addresses answers there, even
      // without a network.
      for (const address of new Set(['127.0.0.2', ...others]))
        if (address !== '127.0.0.1')
          holds(!(await answers(address, Number(port))), `nobody listens on ${address}:${port}`)
      holds(await answers('127.0.0.1', Number(port)), 'somebody listens on 127.0.0.1')
    },
  },
]

const SAMPLE =
  /^([a-zA-Z_:][\w:]*)(?:\{(?:[a-zA-Z_]\w*="(?:[^"\\\n]|\\.)*",?)*\})? (?:[-+]?[0-9.]+(?:e[-+]?[0-9]+)?|NaN|[-+]?Inf)(?: [0-9]+)?$/i

function answers(host: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host, port, timeout: 1_000 })
    const end = (open: boolean) => () => {
      socket.destroy()
      resolve(open)
    }
    socket.once('connect', end(true)).once('error', end(false)).once('timeout', end(false))
  })
}
