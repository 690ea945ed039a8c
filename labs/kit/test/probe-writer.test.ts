import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import { setTimeout as delay } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import type { TrialContext } from '../src/intervention.ts'
import { PROBE_GROUP, startProbeWriter } from '../src/probe-writer.ts'

const CHANNELS = ['10', '11', '12', '13', '14', '15']

/** A fake stage that stores messages by channel. Tests make it fail, repeat or reorder them. */
async function startFakeStage() {
  const messages = new Map<string, string[]>(CHANNELS.map((channel) => [channel, []]))
  const failing = new Set<string>()
  const repeated = new Set<string>()
  const reversed = new Set<string>()
  let next = 100
  const server = createServer(async (request, response) => {
    const [, channel = ''] = /\/channels\/(\d+)\/messages/.exec(request.url!) ?? []
    await text(request)
    if (failing.has(channel)) return response.writeHead(503).end()
    const stored = messages.get(channel)!
    if (request.method === 'POST') {
      stored.push(String(next++))
      return response.end(JSON.stringify({ id: stored.at(-1) }))
    }
    const before = Number(/before=(\d+)/.exec(request.url!)?.[1] ?? Number.POSITIVE_INFINITY)
    const page = stored.filter((id) => Number(id) < before).toReversed()
    const shown = page.slice(0, 100).flatMap((id) => (repeated.has(id) ? [id, id] : [id]))
    if (reversed.has(channel)) shown.reverse()
    return response.end(JSON.stringify(shown.map((id) => ({ id }))))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const guilds = [
    { group: 'guilds', id: '1', channels: ['99'], members: [] },
    { group: PROBE_GROUP, id: '2', channels: CHANNELS, members: [{ id: '3', token: 'a' }] },
  ]
  return {
    messages,
    failing,
    repeated,
    reversed,
    context: { stage: { url }, guilds } as unknown as Pick<TrialContext, 'stage' | 'guilds'>,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      await new Promise((closed) => server.close(closed))
    },
  }
}

const sizes = (messages: ReadonlyMap<string, readonly string[]>): number[] =>
  CHANNELS.map((channel) => messages.get(channel)!.length)

/** Waits until every channel has a message, however slow the machine is. */
const writtenEverywhere = (messages: ReadonlyMap<string, readonly string[]>): Promise<void> =>
  expect.poll(() => Math.min(...sizes(messages)), { timeout: 20_000 }).toBeGreaterThan(0)

describe('a probe writer', { timeout: 60_000 }, () => {
  it('writes to all channels, then to every second one, and not while it is paused', async () => {
    await using stage = await startFakeStage()
    await using writer = startProbeWriter(stage.context)
    await writtenEverywhere(stage.messages)
    writer.stopEvenChannels()
    {
      using _ = await writer.pause()
      const before = sizes(stage.messages)
      await delay(300)
      expect(sizes(stage.messages)).toEqual(before)
    }
    const before = sizes(stage.messages)
    const more = (odd: 0 | 1): number[] =>
      sizes(stage.messages).flatMap((size, index) =>
        index % 2 === odd ? size - before[index]! : [],
      )
    await expect.poll(() => Math.min(...more(1)), { timeout: 20_000 }).toBeGreaterThan(0)
    expect(more(0)).toEqual([0, 0, 0])
    await writer.stop()
    expect(writer.acknowledged()).toBe(sizes(stage.messages).reduce((sum, size) => sum + size))
  })

  it('counts messages as missing while a channel cannot be read, and deleted ones', async () => {
    await using stage = await startFakeStage()
    await using writer = startProbeWriter(stage.context)
    await writtenEverywhere(stage.messages)
    await writer.stop()
    expect((await writer.readBack(2_000)).missing).toBe(0)
    stage.failing.add('12')
    expect((await writer.readBack(700)).missing).toBe(stage.messages.get('12')!.length)
    setTimeout(() => stage.failing.clear(), 300)
    expect((await writer.readBack(5_000)).missing).toBe(0)
    stage.messages.get('13')!.shift()
    expect((await writer.readBack(700)).missing).toBe(1)
  })

  it('counts messages that pages repeat or show out of order', async () => {
    await using stage = await startFakeStage()
    await using writer = startProbeWriter(stage.context)
    await expect
      .poll(() => Math.min(...sizes(stage.messages)), { timeout: 20_000 })
      .toBeGreaterThan(1)
    await writer.stop()
    expect(await writer.readBack(2_000)).toEqual({ missing: 0, duplicated: 0, outOfOrder: 0 })
    stage.repeated.add(stage.messages.get('11')![0]!)
    expect(await writer.readBack(2_000)).toEqual({ missing: 0, duplicated: 1, outOfOrder: 0 })
    stage.reversed.add('14')
    expect(await writer.readBack(2_000)).toEqual({
      missing: 0,
      duplicated: 1,
      outOfOrder: stage.messages.get('14')!.length - 1,
    })
  })

  it('reads back channels of more than one page', async () => {
    await using stage = await startFakeStage()
    await using writer = startProbeWriter(stage.context)
    await writtenEverywhere(stage.messages)
    await writer.stop()
    // Messages of other authors move the writer's messages to an earlier page.
    for (const stored of stage.messages.values())
      for (let n = 0; n < 250; n++) stored.push(String(1_000 + n))
    expect((await writer.readBack(2_000)).missing).toBe(0)
    stage.messages.get('10')!.shift()
    expect((await writer.readBack(600)).missing).toBe(1)
  })
})
