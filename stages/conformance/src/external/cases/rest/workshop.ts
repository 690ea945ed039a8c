import { connect } from 'node:net'
import { networkInterfaces } from 'node:os'
import { invalid, NOT_FOUND } from '../../api-client.ts'
import { type Case, NotRunnable } from '../../case.ts'
import { expectEqual, expectIncludes, expectSnowflake, expectTrue } from '../../expect.ts'
import { sendHead } from '../../raw-request.ts'

const noPrefix = { prefix: '' }

/** Routes outside Discord's API: provisioning, health and metrics. */
export const workshopCases: readonly Case[] = [
  {
    id: 'workshop.users.create',
    title: '`POST /workshop/users` creates a user and answers its token',
    covers: ['workshop.users', 'workshop.loopback'],
    async run(fixture) {
      const created = await fixture.anonymous.requestOk<{ id: string; token: string }>(
        'POST',
        '/workshop/users',
        { username: 'Ada Lovelace' },
        noPrefix,
      )
      fixture.transcript.redact(created.token)
      expectSnowflake(created.id, 'id')
      expectIncludes(
        await fixture.api('ada', `Bot ${created.token}`).get('/users/@me'),
        { id: created.id, username: 'Ada Lovelace' },
        'the user',
      )
    },
  },
  {
    id: 'workshop.users.namesakes',
    title: 'Two users may have the same username',
    covers: ['workshop.users'],
    async run(fixture) {
      const create = (): Promise<{ id: string; token: string }> =>
        fixture.anonymous.requestOk('POST', '/workshop/users', { username: 'twin' }, noPrefix)
      const [one, two] = await Promise.all([create(), create()])
      for (const { token } of [one, two]) fixture.transcript.redact(token)
      expectTrue(one.id !== two.id && one.token !== two.token, 'ids and tokens differ')
    },
  },
  {
    id: 'workshop.users.invalid',
    title: 'An invalid username is refused by name',
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
          noPrefix,
        )
    },
  },
  {
    id: 'workshop.users.foreign-page',
    title:
      'A page of another site cannot create a user: a foreign origin, a foreign host and a ' +
      'body that is not JSON are refused',
    covers: ['workshop.users'],
    async run(fixture) {
      const body = JSON.stringify({ username: 'ada' })
      const create = (headers: Record<string, string>) =>
        fixture.anonymous.request('POST', '/workshop/users', undefined, {
          ...noPrefix,
          raw: body,
          headers,
        })
      expectEqual(
        (await create({ origin: 'http://evil.example' })).status,
        403,
        'with a foreign origin',
      )
      expectEqual(
        (await create({ 'content-type': 'text/plain' })).status,
        415,
        'with a body of another type',
      )
      const line = 'POST /workshop/users HTTP/1.1'
      const json = { 'content-type': 'application/json', 'content-length': String(body.length) }
      expectEqual(
        (await sendHead(fixture.target.baseUrl, line, { ...json, host: 'evil.example' })).status,
        403,
        'with a foreign host',
      )
      expectEqual(
        (await sendHead(fixture.target.baseUrl, line, { 'content-length': '2' })).status,
        415,
        'with a body without a type',
      )
    },
  },
  {
    id: 'workshop.users.off',
    title: 'A setting turns provisioning off and nothing else',
    covers: ['workshop.off'],
    async run(fixture) {
      const stranger = fixture.api('nobody', undefined, fixture.closedUrl)
      await stranger.expectError(
        NOT_FOUND,
        'POST',
        '/workshop/users',
        { username: 'ada' },
        noPrefix,
      )
      expectEqual(
        (await stranger.request('GET', '/healthz', undefined, noPrefix)).status,
        200,
        '/healthz',
      )
      expectEqual((await stranger.request('GET', '/gateway')).status, 200, '/gateway')
    },
  },
  {
    id: 'workshop.healthz',
    title: '`GET /healthz` answers 200 while the process runs',
    covers: ['workshop.health'],
    async run(fixture) {
      expectEqual(
        (await fixture.anonymous.request('GET', '/healthz', undefined, noPrefix)).status,
        200,
        'status',
      )
    },
  },
  {
    id: 'workshop.readyz',
    title: '`GET /readyz` answers 200 while the stage can serve',
    covers: ['workshop.health'],
    async run(fixture) {
      expectEqual(
        (await fixture.anonymous.request('GET', '/readyz', undefined, noPrefix)).status,
        200,
        'status',
      )
    },
  },
  {
    id: 'workshop.metrics',
    title: '`GET /metrics` answers in Prometheus’s text format',
    covers: ['workshop.metrics'],
    async run(fixture) {
      const response = await fixture.anonymous.request('GET', '/metrics', undefined, noPrefix)
      expectEqual(response.status, 200, 'status')
      expectTrue(
        /^(text\/plain|application\/openmetrics-text)/.test(
          response.headers.get('content-type') ?? '',
        ),
        'its content type',
        response.headers.get('content-type'),
      )
      const lines = response.text.split('\n').filter((line) => line !== '')
      const typedMetrics = new Set(
        lines.flatMap(
          (line) =>
            /^# TYPE (\S+) (?:counter|gauge|histogram|summary|untyped)$/.exec(line)?.[1] ?? [],
        ),
      )
      const samples = lines.filter((line) => !line.startsWith('#'))
      expectTrue(
        samples.length > 0 && typedMetrics.size > 0,
        'metrics with types exist',
        lines.slice(0, 5),
      )
      for (const line of samples) {
        const name = SAMPLE.exec(line)?.[1]
        expectTrue(name !== undefined, 'each line is a sample', line)
        expectTrue(
          typedMetrics.has(name) ||
            typedMetrics.has(name.replace(/_(bucket|sum|count|total)$/, '')),
          'each sample belongs to a typed metric',
          line,
        )
      }
    },
  },
  {
    id: 'workshop.loopback',
    title: 'A stage listens only on loopback unless configured otherwise',
    covers: ['workshop.loopback'],
    async run(fixture) {
      const { hostname, port } = new URL(fixture.target.baseUrl)
      if (hostname !== '127.0.0.1')
        throw new NotRunnable(`the stage was configured to be reached at ${hostname}`)
      const others = Object.values(networkInterfaces()).flatMap((list) =>
        (list ?? []).filter((each) => each.family === 'IPv4').map((each) => each.address),
      )
      // A stage that listens on all addresses would also answer on 127.0.0.2, even without a
      // network.
      for (const address of new Set(['127.0.0.2', ...others]))
        if (address !== '127.0.0.1')
          expectTrue(
            !(await accepts(address, Number(port))),
            `the stage does not listen on ${address}:${port}`,
          )
      expectTrue(await accepts('127.0.0.1', Number(port)), 'the stage listens on 127.0.0.1')
    },
  },
]

const SAMPLE =
  /^([a-zA-Z_:][\w:]*)(?:\{(?:[a-zA-Z_]\w*="(?:[^"\\\n]|\\.)*",?)*\})? (?:[-+]?[0-9.]+(?:e[-+]?[0-9]+)?|NaN|[-+]?Inf)(?: [0-9]+)?$/i

function accepts(host: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host, port, timeout: 1_000 })
    const end = (open: boolean) => () => {
      socket.destroy()
      resolve(open)
    }
    socket.once('connect', end(true)).once('error', end(false)).once('timeout', end(false))
  })
}
