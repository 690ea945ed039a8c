import { type CollectedSpan, spanCollector } from '@threshold/kit/testing'
import { expect, it } from 'vitest'
import { startStageUnderTest } from './abuse/fixture.ts'
import { bystander } from './abuse/session.ts'

/** More at once than the stage admits, so that some wait and are started by others that end. */
const SENDS = 60

it('a request, its store, its publish and its fan-out are one trace', async () => {
  await using collector = await spanCollector()
  await using running = await startStageUnderTest({ THRESHOLD_OTLP_URL: collector.url })
  const { channel, token } = await running.createFixture()
  await using session = await bystander(running.url, token)
  const send = async (content: string): Promise<void> => {
    const { status } = await fetch(`${running.url}/api/v10/channels/${channel}/messages`, {
      method: 'POST',
      headers: { authorization: `Bot ${token}`, 'content-type': 'application/json' },
      body: JSON.stringify({ content }),
    })
    expect(status).toBe(200)
  }
  await Promise.all(Array.from({ length: SENDS }, (_, i) => send(`${i}`)))
  await expect.poll(() => session.received).toHaveLength(SENDS)
  await running.stage.stop()

  const { spans } = collector
  const traces = Map.groupBy(spans, ({ traceId }) => traceId)
  const sends = spans.filter(({ name }) => name === 'message.send')
  expect(sends).toHaveLength(SENDS + 1) // the fixture sends one too
  for (const root of sends) {
    expect(root.parentSpanId).toBe('')
    const trace = traces.get(root.traceId)!
    const parentOf = (name: string): CollectedSpan | undefined => {
      const [span, ...others] = trace.filter((each) => each.name === name)
      expect(others).toEqual([])
      return trace.find(({ spanId }) => spanId === span?.parentSpanId)
    }
    expect(parentOf('mongodb.search.index')).toBe(root)
    expect(parentOf('mongodb.messages.insert')).toBe(root)
    expect(parentOf('hub.publish')).toBe(root)
    expect(parentOf('guild.fan_out')?.name).toBe('hub.publish')
  }
  // No span names a parent that was not sent, and no trace has two roots.
  for (const trace of traces.values()) {
    const ids = new Set(trace.map(({ spanId }) => spanId))
    const roots = trace.filter(({ parentSpanId }) => !ids.has(parentSpanId))
    expect(roots.map(({ name, parentSpanId }) => [name, parentSpanId])).toEqual([
      [roots[0]?.name, ''],
    ])
  }
  expect(spans.map(({ service }) => service)).not.toContain('test')
})
