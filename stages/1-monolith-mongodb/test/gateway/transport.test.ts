import { once } from 'node:events'
import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { inflateSync } from 'node:zlib'
import { describe, expect, it, onTestFinished } from 'vitest'
import { WebSocket, WebSocketServer } from 'ws'
import { typescriptEventEncoder } from '../../src/adapters/event-encoder.typescript.ts'
import { Dispatch } from '../../src/gateway/dispatch.ts'
import { BatchedTransport, type Transport } from '../../src/gateway/transport.batched.ts'

interface Pair {
  readonly transport: Transport
  readonly server: WebSocket
  readonly raw: Socket
  readonly client: WebSocket
  /** What the client has received, parsed; and which of it was binary. */
  readonly heard: { s: number | null; d: { text: string } | null }[]
  readonly binary: boolean[]
  readonly slow: number[]
}

const WAIT = { timeout: 20_000 }

const encoder = typescriptEventEncoder()
const event = (text: string): Dispatch => new Dispatch(encoder, 'MESSAGE_CREATE', { text })
const ack = Buffer.from(JSON.stringify({ t: null, s: null, op: 11, d: null }))

/** Both ends of so many real sockets. */
async function pairs(
  count: number,
  { maxWaiting = 2 ** 30, compressed = false } = {},
): Promise<Pair[]> {
  const http = createServer()
  const sockets = new WebSocketServer({ noServer: true, perMessageDeflate: false })
  http.listen(0, '127.0.0.1')
  await once(http, 'listening')
  const all: Pair[] = []
  onTestFinished(() => {
    for (const { client, server } of all) for (const socket of [client, server]) socket.terminate()
    http.close()
  })
  const { port } = http.address() as AddressInfo
  for (let i = 0; i < count; i++) {
    const upgraded = once(http, 'upgrade') as Promise<[IncomingMessage, Socket, Buffer]>
    const client = new WebSocket(`ws://127.0.0.1:${port}`)
    const opened = once(client, 'open')
    const [request, raw, head] = await upgraded
    const server = await new Promise<WebSocket>((resolve) =>
      sockets.handleUpgrade(request, raw, head, resolve),
    )
    await opened
    const heard: Pair['heard'] = []
    const binary: boolean[] = []
    client.on('message', (data: Buffer, isBinary) => {
      binary.push(isBinary)
      heard.push(JSON.parse(String(isBinary ? inflateSync(data) : data)))
    })
    const slow: number[] = []
    const tooSlow = (waiting: number): void => {
      slow.push(waiting)
      server.terminate()
    }
    const outbound = { socket: server, tcp: raw, maxBuffered: maxWaiting, onTooSlow: tooSlow }
    all.push({
      transport: new BatchedTransport(outbound, { compressed }),
      server,
      raw,
      client,
      heard,
      binary,
      slow,
    })
  }
  return all
}

/** Bytes of buffers that somebody still points at. */
function bytesInBuffers(): number {
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc') as () => void
  collect()
  return process.memoryUsage().arrayBuffers
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

describe('frames on their way to many sockets', () => {
  it('reach each whole, in order and with its own numbers, however slowly some of them read', async () => {
    const all = await pairs(4)
    // After each of the slow ones comes one whose numbers are as long, and that is sent what the
    // slow one was lent.
    const slow = [all[0]!, all[2]!]
    for (const { client } of slow) client.pause()
    const starts = [1, 2, 9_995, 9_990]
    const sent: string[] = []
    // Alone in a turn, several in one, and more than a socket that nobody reads can take.
    for (let round = 0; round < 120; round++) {
      const events = Array.from(
        { length: 1 + (round % 3) },
        (_, i) => `${round}.${i} ${'x'.repeat(round % 2 === 0 ? 40 : 60_000)}`,
      )
      for (const text of events) {
        const one = event(text)
        for (const [i, { transport }] of all.entries())
          transport.dispatch(one, starts[i]! + sent.length)
        sent.push(text)
      }
      if (round % 10 === 0) for (const { transport } of all) transport.send(ack)
      await turn()
    }
    for (const { transport } of slow) expect(transport.buffered).toBeGreaterThan(1_000_000)
    for (const { client } of slow) client.resume()
    await expect
      .poll(() => all.map(({ heard }) => heard.length), WAIT)
      .toEqual(all.map(() => sent.length + 12))
    for (const [i, { heard }] of all.entries()) {
      const events = heard.filter(({ s }) => s !== null)
      expect(events.map(({ s }) => s)).toEqual(sent.map((_, n) => starts[i]! + n))
      expect(events.map(({ d }) => d?.text)).toEqual(sent)
    }
  })

  it('stay in order with what is no event', async () => {
    const [{ transport, heard }] = (await pairs(1)) as [Pair]
    transport.dispatch(event('a'), 1)
    transport.send(ack)
    transport.dispatch(event('b'), 2)
    transport.dispatch(event('c'), 3)
    transport.send(ack)
    await transport.drained()
    await expect.poll(() => heard.map(({ s }) => s), WAIT).toEqual([1, null, 2, 3, null])
  })

  it('are nothing after a close, of either side', async () => {
    const [{ transport, server, raw, client, heard }] = (await pairs(1)) as [Pair]
    transport.dispatch(event('before'), 1)
    transport.flush()
    transport.dispatch(event('too late'), 2)
    server.close(4_000)
    const written = raw.bytesWritten
    transport.flush()
    expect(raw.bytesWritten).toBe(written)
    const [code] = await once(client, 'close')
    expect(code).toBe(4_000)
    expect(heard.map(({ s }) => s)).toEqual([1])
  })

  it('tell of a reader who leaves too much unread, once it is too much', async () => {
    const [{ transport, client, slow, server }] = (await pairs(1, { maxWaiting: 100_000 })) as [
      Pair,
    ]
    client.pause()
    for (let s = 1; slow.length === 0 && s < 10_000; s++) {
      transport.dispatch(event('x'.repeat(20_000)), s)
      await turn()
    }
    expect(slow[0]).toBeGreaterThan(100_000)
    expect(slow[0]).toBeLessThan(200_000)
    expect(server.readyState).not.toBe(WebSocket.OPEN)
    transport.dispatch(event('after'), 10_001)
    transport.flush()
    expect(slow).toHaveLength(1)
  })

  it('do not gather in one turn beyond what may wait', async () => {
    const [{ transport, client, slow }] = (await pairs(1, { maxWaiting: 100_000 })) as [Pair]
    client.pause()
    for (let s = 1; slow.length === 0 && s < 10_000; s++)
      transport.dispatch(event('x'.repeat(20_000)), s)
    expect(slow[0]).toBeGreaterThan(100_000)
    expect(slow[0]).toBeLessThan(250_000)
  })

  it('are deflated one by one where they are long and the client asked for it', async () => {
    const [{ transport, heard, binary }] = (await pairs(1, { compressed: true })) as [Pair]
    const texts = ['short', 'y'.repeat(10_000), 'short again']
    for (const [i, text] of texts.entries()) transport.dispatch(event(text), i + 1)
    await expect.poll(() => heard.map(({ d }) => d?.text), WAIT).toEqual(texts)
    expect(heard.map(({ s }) => s)).toEqual([1, 2, 3])
    expect(binary).toEqual([false, true, false])
  })

  it('may be larger than what may wait, for a reader who reads', async () => {
    const [{ transport, heard, slow }] = (await pairs(1, { maxWaiting: 100_000 })) as [Pair]
    transport.dispatch(event('x'.repeat(6_000_000)), 1)
    await expect.poll(() => heard.length, WAIT).toBe(1)
    expect(slow).toEqual([])
  })

  it('keep no more memory than they are long, while nobody reads them', async () => {
    const [{ transport, client, raw }] = (await pairs(1)) as [Pair]
    client.pause()
    while (raw.writableLength === 0) {
      transport.dispatch(event('x'.repeat(100_000)), 1)
      await turn()
    }
    const [before, waiting] = [bytesInBuffers(), transport.buffered]
    for (let i = 0; i < 1_000; i++) {
      for (const s of [1, 2, 3]) transport.dispatch(event('small'), s)
      await turn()
    }
    const [kept, grown] = [bytesInBuffers() - before, transport.buffered - waiting]
    expect(grown).toBeGreaterThan(1_000 * 3 * 50)
    // Node cuts small pieces from a pool, and not all of it is used; 64 KiB for each turn would be
    // 65 MB.
    expect(kept).toBeLessThan(grown + 10_000_000)
  })
})
