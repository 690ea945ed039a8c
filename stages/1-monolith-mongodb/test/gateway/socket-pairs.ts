import { once } from 'node:events'
import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import { inflateSync } from 'node:zlib'
import { onTestFinished } from 'vitest'
import { WebSocket, WebSocketServer } from 'ws'
import type { OutboundSocket, Transport, TransportOptions } from '../../src/gateway/transport.ts'

export type CreateTransport = (outbound: OutboundSocket, options?: TransportOptions) => Transport

/** A transport on a real socket, and the client at its other end. */
export interface SocketPair {
  readonly transport: Transport
  readonly server: WebSocket
  readonly tcp: Socket
  readonly client: WebSocket
  /** Payloads that the client has received. */
  readonly received: { s: number | null; d: { text: string } | null }[]
  /** Whether the message of each payload was binary. */
  readonly binary: boolean[]
  /** Buffered bytes at each report of a slow reader. */
  readonly tooSlow: number[]
}

/** Opens `count` sockets. They close when the running test ends. */
export async function openPairs(
  createTransport: CreateTransport,
  count: number,
  { maxBuffered = 2 ** 30, compressed = false } = {},
): Promise<SocketPair[]> {
  const http = createServer()
  const sockets = new WebSocketServer({ noServer: true, perMessageDeflate: false })
  http.listen(0, '127.0.0.1')
  await once(http, 'listening')
  const pairs: SocketPair[] = []
  onTestFinished(() => {
    for (const { client, server } of pairs)
      for (const socket of [client, server]) socket.terminate()
    http.close()
  })
  const { port } = http.address() as AddressInfo
  for (let i = 0; i < count; i++) {
    const upgraded = once(http, 'upgrade') as Promise<[IncomingMessage, Socket, Buffer]>
    const client = new WebSocket(`ws://127.0.0.1:${port}`)
    const opened = once(client, 'open')
    const [request, tcp, head] = await upgraded
    const server = await new Promise<WebSocket>((resolve) =>
      sockets.handleUpgrade(request, tcp, head, resolve),
    )
    await opened
    const received: SocketPair['received'] = []
    const binary: boolean[] = []
    client.on('message', (data: Buffer, isBinary) => {
      binary.push(isBinary)
      received.push(JSON.parse(String(isBinary ? inflateSync(data) : data)))
    })
    const tooSlow: number[] = []
    const onTooSlow = (buffered: number): void => {
      tooSlow.push(buffered)
      server.terminate()
    }
    const transport = createTransport(
      { socket: server, tcp, maxBuffered, onTooSlow },
      { compressed },
    )
    pairs.push({ transport, server, tcp, client, received, binary, tooSlow })
  }
  return pairs
}
