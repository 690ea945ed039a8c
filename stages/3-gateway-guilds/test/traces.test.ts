import { Intent, Op } from '@threshold/contract'
import { askGateway } from '@threshold/engines'
import { spanCollector } from '@threshold/kit/testing'
import { expect, it } from 'vitest'
import { connect, postTo, WAIT } from './client.ts'
import { stageStarter } from './stage.ts'

it('a request, its guild and its deliveries are one trace over all roles', async () => {
  await using use = new AsyncDisposableStack()
  const collector = use.use(await spanCollector())
  const start = await stageStarter(use)
  const stage = await start({ guilds: 1, voice: 0 }, { THRESHOLD_OTLP_URL: collector.url })
  const post = postTo(stage.url)
  const { token } = await post('/workshop/users', { username: 'ada' })
  const guild = await post('/api/v10/guilds', { name: 'guild' }, token)
  const channel = await post(`/api/v10/guilds/${guild.id}/channels`, { name: 'general' }, token)
  const intents = Intent.Guilds | Intent.GuildMessages
  const socket = connect(await askGateway(stage.url), Op.Identify, {
    token,
    intents,
    properties: {},
  })
  await expect.poll(() => socket.of('GUILD_CREATE').length, WAIT).toBe(1)
  await post(`/api/v10/channels/${channel.id}/messages`, { content: 'hello' }, token)
  await expect.poll(() => socket.of('MESSAGE_CREATE').length, WAIT).toBe(1)
  await stage.stop()

  const { spans } = collector
  const root = spans.find(({ name, parentSpanId }) => name === 'message.send' && !parentSpanId)!
  const trace = spans.filter(({ traceId }) => traceId === root.traceId)
  const named = (name: string) => trace.find((span) => span.name === name)
  const [fanOut, delivery] = ['guild.fan_out', 'gateway.deliver'].map(named)
  expect([root, fanOut, delivery].map((span) => span?.service)).toEqual([
    'stage-3-api',
    'stage-3-guilds',
    'stage-3-gateway',
  ])
  expect(delivery?.parentSpanId).toBe(fanOut?.spanId)
  expect(trace.map(({ spanId }) => spanId)).toContain(fanOut?.parentSpanId)
}, 120_000)
