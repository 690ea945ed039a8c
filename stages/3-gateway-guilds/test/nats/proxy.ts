import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'

/** A TCP proxy that can cut its clients off a server, as a broken network does. */
export interface TcpProxy {
  /** `host:port`. */
  readonly address: string
  /** Ends all connections, and refuses new ones. */
  cut(): void
  heal(): void
}

export async function tcpProxy(use: AsyncDisposableStack, target: string): Promise<TcpProxy> {
  const { hostname, port } = new URL(`tcp://${target}`)
  const sockets = new Set<Socket>()
  let isCut = false
  const track = (socket: Socket): Socket => {
    sockets.add(socket)
    return socket.on('error', () => {}).on('close', () => sockets.delete(socket))
  }
  const server = createServer({ noDelay: true }, (client) => {
    track(client)
    if (isCut) {
      client.destroy()
      return
    }
    const upstream = track(connect({ port: Number(port), host: hostname, noDelay: true }))
    client.pipe(upstream).pipe(client)
    client.on('close', () => upstream.destroy())
    upstream.on('close', () => client.destroy())
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const cut = (): void => {
    isCut = true
    for (const socket of sockets) socket.destroy()
  }
  use.defer(async () => {
    cut()
    server.close()
    await once(server, 'close')
  })
  const { port: own } = server.address() as AddressInfo
  return {
    address: `127.0.0.1:${own}`,
    cut,
    heal: () => {
      isCut = false
    },
  }
}
