import { connect } from 'node:net'
import { networkInterfaces } from 'node:os'
import { invalid, NOT_FOUND } from '../../api-client.ts'
import { type Case, NotRunnable } from '../../case.ts'
import { expectEqual, expectIncludes, expectSnowflake, expectTrue } from '../../expect.ts'
import { sendHead } from '../../raw-request.ts'

const outside = { prefix: '' }

/** Outside Discord's API: how users come to be, and how a stage says that it is well. */
export const workshopCases: readonly Case[] = [
  {
    id: 'workshop.users.create',
    title: '`POST /workshop/users` makes a user and gives out its token',
    covers: ['workshop.users', 'workshop.loopback'],
    async run(fixture) {
      const made = await fixture.anonymous.requestOk<{ id: string; token: string }>(
        'POST',
        '/workshop/users',
        { username: 'Ada Lovelace' },
        outside,
      )
      fixture.transcript.redact(made.token)
      expectSnowflake(made.id, 'id')
      expectIncludes(
        await fixture.api('ada', `Bot ${made.token}`).get('/users/@me'),
        { id: made.id, username: 'Ada Lovelace' },
        'the user',
      )
    },
  },
  {
    id: 'workshop.users.namesakes',
    title: 'Two users may have one name; they are two users',
    covers: ['workshop.users'],
    async run(fixture) {
      const make = (): Promise<{ id: string; token: string }> =>
        fixture.anonymous.requestOk('POST', '/workshop/users', { username: 'twin' }, outside)
      const [one, two] = await Promise.all([make(), make()])
      for (const { token } of [one, two]) fixture.transcript.redact(token)
      expectTrue(one.id !== two.id && one.token !== two.token, 'ids and tokens differ')
    },
  },
  {
    id: 'workshop.users.invalid',
    title: 'A user without a proper name is refused by the field',
    covers: ['workshop.users'],
    async run(fixture) {
      for (const body of [
        {},
        { username: '' },
        { username: 7 },
        { username: { $gt: '' } },
        { username: 'x'.repeat(200) },
      ])
        await fixture.anonymous.expectError(
          invalid('username'),
          'POST',
          '/workshop/users',
          body,
          outside,
        )
    },
  },
  {
    id: 'workshop.users.foreign-page',
    title:
      'A page of another site makes no user: not by its origin, not by a name that leads here, not by a body without a type',
    covers: ['workshop.users'],
    async run(fixture) {
      const body = JSON.stringify({ username: 'ada' })
      const make = (headers: Record<string, string>) =>
        fixture.anonymous.request('POST', '/workshop/users', undefined, {
          ...outside,
          raw: body,
          headers,
        })
      expectEqual(
        (await make({ origin: 'http://evil.example' })).status,
        403,
        'by a foreign origin',
      )
      expectEqual(
        (await make({ 'content-type': 'text/plain' })).status,
        415,
        'by a body of another type',
      )
      const line = 'POST /workshop/users HTTP/1.1'
      const json = { 'content-type': 'application/json', 'content-length': String(body.length) }
      expectEqual(
        (await sendHead(fixture.target.baseUrl, line, { ...json, host: 'evil.example' })).status,
        403,
        'by a foreign name',
      )
      expectEqual(
        (await sendHead(fixture.target.baseUrl, line, { 'content-length': '2' })).status,
        415,
        'by a body without a type',
      )
    },
  },
  {
    id: 'workshop.users.off',
    title: 'A configuration turns provisioning off; nothing else goes with it',
    covers: ['workshop.off'],
    async run(fixture) {
      const stranger = fixture.api('nobody', undefined, fixture.closedUrl)
      await stranger.expectError(NOT_FOUND, 'POST', '/workshop/users', { username: 'ada' }, outside)
      expectEqual(
        (await stranger.request('GET', '/healthz', undefined, outside)).status,
        200,
        '/healthz',
      )
      expectEqual((await stranger.request('GET', '/gateway')).status, 200, '/gateway')
    },
  },
  {
    id: 'workshop.healthz',
    title: '`GET /healthz` says that the process runs',
    covers: ['workshop.health'],
    async run(fixture) {
      expectEqual(
        (await fixture.anonymous.request('GET', '/healthz', undefined, outside)).status,
        200,
        'status',
      )
    },
  },
  {
    id: 'workshop.readyz',
    title: '`GET /readyz` says that it can serve',
    covers: ['workshop.health'],
    async run(fixture) {
      expectEqual(
        (await fixture.anonymous.request('GET', '/readyz', undefined, outside)).status,
        200,
        'status',
      )
    },
  },
  {
    id: 'workshop.metrics',
    title: '`GET /metrics` is Prometheus’s text format',
    covers: ['workshop.metrics'],
    async run(fixture) {
      const answer = await fixture.anonymous.request('GET', '/metrics', undefined, outside)
      expectEqual(answer.status, 200, 'status')
      expectTrue(
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
      expectTrue(
        samples.length > 0 && typed.size > 0,
        'there are metrics with types',
        lines.slice(0, 5),
      )
      for (const line of samples) {
        const name = SAMPLE.exec(line)?.[1]
        expectTrue(name !== undefined, 'each line is a sample', line)
        expectTrue(
          typed.has(name) || typed.has(name.replace(/_(bucket|sum|count|total)$/, '')),
          'each sample belongs to a typed metric',
          line,
        )
      }
    },
  },
  {
    id: 'workshop.loopback',
    title: 'A stage listens on loopback alone unless configured otherwise',
    covers: ['workshop.loopback'],
    async run(fixture) {
      const { hostname, port } = new URL(fixture.target.baseUrl)
      if (hostname !== '127.0.0.1')
        throw new NotRunnable(`the stage was configured to be reached at ${hostname}`)
      const others = Object.values(networkInterfaces()).flatMap((list) =>
        (list ?? []).filter((each) => each.family === 'IPv4').map((each) => each.address),
      )
      // 127.0.0.2 is this machine as well: whoever listens on all addresses answers there, even
      // without a network.
      for (const address of new Set(['127.0.0.2', ...others]))
        if (address !== '127.0.0.1')
          expectTrue(
            !(await answers(address, Number(port))),
            `nobody listens on ${address}:${port}`,
          )
      expectTrue(await answers('127.0.0.1', Number(port)), 'somebody listens on 127.0.0.1')
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
