import { once } from 'node:events'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { describe, expect, it } from 'vitest'
import { WebSocket } from 'ws'
import { typescriptEventEncoder } from '../../src/adapters/event-encoder.typescript.ts'
import { Dispatch } from '../../src/gateway/dispatch.ts'
import { batchedTransport } from '../../src/gateway/transport.batched.ts'
import { plainTransport } from '../../src/gateway/transport.plain.ts'
import { type CreateTransport, openPairs, type SocketPair } from './socket-pairs.ts'

const POLL = { timeout: 20_000 }

const encoder = typescriptEventEncoder()
const event = (text: string): Dispatch =>
  new Dispatch(encoder, encoder.encode('MESSAGE_CREATE', { text }))
const ack = Buffer.from(JSON.stringify({ t: null, s: null, op: 11, d: null }))

/** Bytes in buffers that are still referenced. */
function bytesInBuffers(): number {
  setFlagsFromString('--expose-gc')
  const collectGarbage = runInNewContext('gc') as () => void
  collectGarbage()
  return process.memoryUsage().arrayBuffers
}

const nextTurn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

const transports: [name: string, createTransport: CreateTransport][] = [
  ['plain', plainTransport],
  ['batched', batchedTransport],
]

describe.each(transports)('the %s transport', (_name, createTransport) => {
  const open = (count: number, options?: { maxBuffered?: number; compressed?: boolean }) =>
    openPairs(createTransport, count, options)
  const openOne = async (options?: { maxBuffered?: number; compressed?: boolean }) =>
    (await open(1, options))[0] as SocketPair

  it('delivers whole events to many sockets, in order and with the numbers of each session, also to slow readers', async () => {
    const pairs = await open(4)
    // Each slow reader is followed by a reader whose numbers have as many digits. The batched
    // transport would send the second one the buffer that it lent to the first.
    const slowReaders = [pairs[0]!, pairs[2]!]
    for (const { client } of slowReaders) client.pause()
    const firstSequences = [1, 2, 9_995, 9_990]
    const sent: string[] = []
    // One event in a turn, several in a turn, and more than an unread socket can take.
    for (let round = 0; round < 120; round++) {
      const texts = Array.from(
        { length: 1 + (round % 3) },
        (_, i) => `${round}.${i} ${'x'.repeat(round % 2 === 0 ? 40 : 60_000)}`,
      )
      for (const text of texts) {
        const shared = event(text)
        for (const [i, { transport }] of pairs.entries())
          transport.dispatch(shared, firstSequences[i]! + sent.length)
        sent.push(text)
      }
      if (round % 10 === 0) for (const { transport } of pairs) transport.send(ack)
      await nextTurn()
    }
    for (const { transport } of slowReaders) expect(transport.buffered).toBeGreaterThan(1_000_000)
    for (const { client } of slowReaders) client.resume()
    await expect
      .poll(() => pairs.map(({ received }) => received.length), POLL)
      .toEqual(pairs.map(() => sent.length + 12))
    for (const [i, { received }] of pairs.entries()) {
      const events = received.filter(({ s }) => s !== null)
      expect(events.map(({ s }) => s)).toEqual(sent.map((_, n) => firstSequences[i]! + n))
      expect(events.map(({ d }) => d?.text)).toEqual(sent)
    }
  })

  it('keeps events and other payloads in order', async () => {
    const { transport, received } = await openOne()
    transport.dispatch(event('a'), 1)
    transport.send(ack)
    transport.dispatch(event('b'), 2)
    transport.dispatch(event('c'), 3)
    transport.send(ack)
    await transport.drained()
    await expect.poll(() => received.map(({ s }) => s), POLL).toEqual([1, null, 2, 3, null])
  })

  it('sends nothing after the close frame', async () => {
    const { transport, server, tcp, client, received } = await openOne()
    transport.dispatch(event('before'), 1)
    transport.flush()
    server.close(4_000)
    const written = tcp.bytesWritten
    transport.dispatch(event('too late'), 2)
    transport.send(ack)
    transport.flush()
    expect(tcp.bytesWritten).toBe(written)
    const [code] = await once(client, 'close')
    expect(code).toBe(4_000)
    expect(received.map(({ s }) => s)).toEqual([1])
  })

  it('reports a reader that leaves too much unread, as soon as it does', async () => {
    const { transport, client, tooSlow, server } = await openOne({ maxBuffered: 100_000 })
    client.pause()
    for (let s = 1; tooSlow.length === 0 && s < 10_000; s++) {
      transport.dispatch(event('x'.repeat(20_000)), s)
      await nextTurn()
    }
    expect(tooSlow[0]).toBeGreaterThan(100_000)
    expect(tooSlow[0]).toBeLessThan(200_000)
    expect(server.readyState).not.toBe(WebSocket.OPEN)
    transport.dispatch(event('after'), 10_001)
    transport.flush()
    expect(tooSlow).toHaveLength(1)
  })

  it('holds no more back during one turn than may be buffered', async () => {
    const { transport, client, tooSlow } = await openOne({ maxBuffered: 100_000 })
    client.pause()
    for (let s = 1; tooSlow.length === 0 && s < 10_000; s++)
      transport.dispatch(event('x'.repeat(20_000)), s)
    expect(tooSlow[0]).toBeGreaterThan(100_000)
    expect(tooSlow[0]).toBeLessThan(250_000)
  })

  it('deflates long events one by one if the client asked for it', async () => {
    const { transport, received, binary } = await openOne({ compressed: true })
    const texts = ['short', 'y'.repeat(10_000), 'short again']
    for (const [i, text] of texts.entries()) transport.dispatch(event(text), i + 1)
    await expect.poll(() => received.map(({ d }) => d?.text), POLL).toEqual(texts)
    expect(received.map(({ s }) => s)).toEqual([1, 2, 3])
    expect(binary).toEqual([false, true, false])
  })

  it('sends an event that is larger than may be buffered to a reader that keeps up', async () => {
    const { transport, received, tooSlow } = await openOne({ maxBuffered: 100_000 })
    transport.dispatch(event('x'.repeat(6_000_000)), 1)
    await expect.poll(() => received.length, POLL).toBe(1)
    expect(tooSlow).toEqual([])
  })

  it('keeps about as much memory as is unread', async () => {
    const { transport, client, tcp } = await openOne()
    client.pause()
    while (tcp.writableLength === 0) {
      transport.dispatch(event('x'.repeat(100_000)), 1)
      await nextTurn()
    }
    const [bytesBefore, bufferedBefore] = [bytesInBuffers(), transport.buffered]
    for (let i = 0; i < 1_000; i++) {
      for (const s of [1, 2, 3]) transport.dispatch(event('small'), s)
      await nextTurn()
    }
    const kept = bytesInBuffers() - bytesBefore
    const grown = transport.buffered - bufferedBefore
    expect(grown).toBeGreaterThan(1_000 * 3 * 50)
    // Node cuts small buffers from a pool, and does not use all of it. A scratch buffer of 64 KiB
    // kept for each turn would be 65 MB.
    expect(kept).toBeLessThan(grown + 10_000_000)
  })
})

describe('the batched transport', () => {
  it('drops the events of a turn in which the connection closes', async () => {
    const [pair] = await openPairs(batchedTransport, 1)
    const { transport, server, tcp, client, received } = pair!
    transport.dispatch(event('before'), 1)
    transport.flush()
    transport.dispatch(event('too late'), 2)
    server.close(4_000)
    const written = tcp.bytesWritten
    transport.flush()
    expect(tcp.bytesWritten).toBe(written)
    const [code] = await once(client, 'close')
    expect(code).toBe(4_000)
    expect(received.map(({ s }) => s)).toEqual([1])
  })

  it('writes the events of a turn together', async () => {
    const [pair] = await openPairs(batchedTransport, 1)
    const { transport, tcp, received } = pair!
    let writes = 0
    const write = tcp.write.bind(tcp)
    tcp.write = ((...args: Parameters<typeof write>) => {
      writes += 1
      return write(...args)
    }) as typeof tcp.write
    for (const s of [1, 2, 3]) transport.dispatch(event('together'), s)
    await expect.poll(() => received.length, POLL).toBe(3)
    expect(writes).toBe(1)
  })
})
