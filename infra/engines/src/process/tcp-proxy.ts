import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'

/** A TCP proxy between clients and a server. */
export interface TcpProxy extends AsyncDisposable {
  /** `host:port`, for clients. */
  readonly address: string
  /** Closes all connections, and refuses new ones until `heal`. */
  cut(): void
  /**
   * Forwards nothing until `heal`, and closes nothing, as a network that loses all packets. Bytes
   * that are sent meanwhile arrive after that.
   */
  silence(): void
  heal(): void
}

interface Pair {
  readonly client: Socket
  readonly upstream: Socket
}

const join = ({ client, upstream }: Pair): void => void client.pipe(upstream).pipe(client)

function part({ client, upstream }: Pair): void {
  client.unpipe(upstream)
  upstream.unpipe(client)
}

/** @param target `host:port` */
export async function tcpProxy(target: string): Promise<TcpProxy> {
  const { hostname, port } = new URL(`tcp://${target}`)
  const sockets = new Set<Socket>()
  const pairs = new Set<Pair>()
  let isCut = false
  let isSilent = false
  const track = (socket: Socket): Socket => {
    sockets.add(socket)
    return socket.on('error', () => {}).on('close', () => sockets.delete(socket))
  }
  const server = createServer({ noDelay: true }, (client) => {
    track(client)
    if (isCut) return void client.destroy()
    const upstream = track(connect({ port: Number(port), host: hostname, noDelay: true }))
    const pair = { client, upstream }
    pairs.add(pair)
    if (!isSilent) join(pair)
    client.on('close', () => {
      pairs.delete(pair)
      upstream.destroy()
    })
    upstream.on('close', () => client.destroy())
  })
  const cut = (): void => {
    isCut = true
    for (const socket of sockets) socket.destroy()
  }
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    address: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    cut,
    silence() {
      isSilent = true
      for (const pair of pairs) part(pair)
    },
    heal() {
      isCut = false
      if (!isSilent) return
      isSilent = false
      for (const pair of pairs) join(pair)
    },
    async [Symbol.asyncDispose]() {
      cut()
      server.close()
      await once(server, 'close')
    },
  }
}
